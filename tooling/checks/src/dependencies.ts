/**
 * What we depend on is what we chose: every version is exact, every package comes from a registry and is pinned by its SHA-512, nobody's
 * install script runs unless it is named, none is given up by its authors, and none has a known vulnerability of high severity
 * (OWASP ASVS 5 §15.2, OWASP Top 10 A06).
 *
 * The first part reads the lock file and the installed packages. The last asks the registry by `pnpm audit`; where that cannot be reached
 * it says so, and does not fail.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** What a review found. */
export interface DependencyFinding {
  readonly dependency: string;
  readonly problem: string;
}

/** What the lock file says of a package. */
interface LockedPackage {
  readonly resolution?: Readonly<Record<string, unknown>>;
  readonly deprecated?: string;
}

/** What is read of the workspace. */
export interface WorkspaceText {
  /** `pnpm-workspace.yaml`. */
  readonly workspace: string;
  /** `pnpm-lock.yaml`. */
  readonly lock: string;
}

const exact = /^(?:npm:(?:@[\w-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const installSteps = ['preinstall', 'install', 'postinstall'];

/** Holds the catalog and the lock file against the rules. */
export function reviewLock({ workspace, lock }: WorkspaceText): DependencyFinding[] {
  const { catalog = {} } = record(parse(workspace));
  const { packages = {} } = record(parse(lock));
  const loose = Object.entries(record(catalog)).filter(([, version]) => !exact.test(String(version)));
  return [
    ...loose.map(([dependency, version]) => ({ dependency, problem: `the catalog has ${String(version)}, which is no exact version` })),
    ...Object.entries(record(packages)).flatMap(([dependency, locked]) => reviewLocked(record(locked)).map((problem) => ({ dependency, problem }))),
  ];
}

function reviewLocked({ resolution = {}, deprecated }: LockedPackage): string[] {
  const { integrity, tarball, type } = resolution;
  const problems: string[] = [];
  if (typeof integrity !== 'string' || !integrity.startsWith('sha512-')) problems.push('is not pinned by its SHA-512');
  if (tarball !== undefined || type !== undefined) problems.push('does not come from the registry');
  if (deprecated !== undefined) problems.push(`is given up by its authors: ${deprecated}`);
  return problems;
}

/**
 * Finds installed packages that want to run something when they are installed, and are not named in `allowBuilds`.
 *
 * @param root folder of the workspace, installed
 */
export function reviewInstallScripts(root: string): DependencyFinding[] {
  const { allowBuilds = {} } = record(parse(readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8')));
  const named = new Set(Object.keys(record(allowBuilds)));
  const manifests = globSync('node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json', { cwd: root });
  const found = manifests.flatMap((file) => {
    const { name, scripts = {} } = record(JSON.parse(readFileSync(path.join(root, file), 'utf8')));
    const step = installSteps.find((each) => each in record(scripts));
    return step === undefined || typeof name !== 'string' || named.has(name) ? [] : [[name, step] as const];
  });
  return [...new Map(found)].map(([dependency, step]) => ({ dependency, problem: `has a script "${step}", and allowBuilds does not say whether it may run` }));
}

/** @returns what the registry knows of vulnerabilities, or why it was not asked */
function audit(root: string): string {
  const { status, stdout, stderr } = spawnSync(path.join(root, 'node_modules/.bin/pnpm'), ['audit', '--audit-level', 'high'], { cwd: root, encoding: 'utf8' });
  const text = stdout + stderr;
  if (status === 0) return 'no known vulnerability of high severity';
  if (!/vulnerabilit/iu.test(text)) return `the registry could not be asked for vulnerabilities: ${text.trim().split('\n').at(0) ?? ''}`;
  process.stderr.write(text);
  process.exitCode = 1;
  return 'known vulnerabilities';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function main(): void {
  const root = path.resolve(import.meta.dirname, '../../..');
  const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');
  const findings = [...reviewLock({ workspace: textOf('pnpm-workspace.yaml'), lock: textOf('pnpm-lock.yaml') }), ...reviewInstallScripts(root)];
  for (const { dependency, problem } of findings) process.stderr.write(`${dependency} ${problem}\n`);
  if (findings.length > 0 || !existsSync(path.join(root, 'node_modules/.pnpm'))) process.exitCode = 1;
  process.stdout.write(`dependencies: ${findings.length} findings; ${audit(root)}\n`);
}

if (import.meta.main) main();
