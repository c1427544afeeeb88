/**
 * Dependencies point down only: a library imports nothing of its own floor or above, a game imports the game kit alone.
 *
 * Both the manifests and the sources are read, because a workspace also resolves what a manifest forgot to name.
 * Why a check of our own: dependency-cruiser sees no module of a TypeScript 7 tree and reports success.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The floor of each package, as the table in the architecture has it. Games and apps stand on top by their folder. */
const floors: Readonly<Record<string, number>> = {
  errors: 0,
  codec: 0,
  pool: 0,
  'ring-buffer': 0,
  metrics: 0,
  config: 0,
  logging: 0,
  cache: 1,
  dao: 1,
  auth: 1,
  queue: 1,
  workers: 1,
  health: 1,
  'game-kit': 2,
  client: 2,
  server: 3,
};
const scope = '@midgard/';
const shared = new Set(['tsconfig', 'checks', 'bench', 'oracle-double', 'test-services', 'trials']);

/** One import or dependency that points up or sideways. */
export interface Violation {
  readonly file: string;
  readonly imports: string;
  readonly rule: string;
}

/**
 * Holds every package of a workspace against the floors.
 *
 * @param root folder that holds packages/, games/ and apps/
 * @returns each violation with the file that holds it; empty when all is well
 */
export function layerViolations(root: string): Violation[] {
  const folders = globSync('{packages,games}/*', { cwd: root });
  return folders.flatMap((folder) => {
    const [kind = '', name = ''] = folder.split(path.sep);
    return usesOf(root, folder)
      .filter(({ target, isTest }) => target !== ownName(kind, name) && !shared.has(target) && !(isTest && isBelowApps(target)))
      .flatMap(({ file, target }) => {
        const rule = brokenRule(kind, name, target);
        return rule === undefined ? [] : [{ file, imports: scope + target, rule }];
      });
  });
}

function ownName(kind: string, name: string): string {
  return kind === 'games' ? `game-${name}` : name;
}

/** A test may stand on more than the library does (a client is tested against a server), but never on an app. */
function isBelowApps(target: string): boolean {
  return target in floors || target.startsWith('game-');
}

function brokenRule(kind: string, name: string, target: string): string | undefined {
  if (kind === 'games') return target === 'game-kit' ? undefined : 'a game imports @midgard/game-kit and nothing else of ours';
  const own = floors[name];
  const other = floors[target];
  if (own === undefined) return `packages/${name} has no floor: add it to the table in layers.ts`;
  if (other === undefined) return 'a library imports no game and no app';
  return other < own ? undefined : `floor ${own} may not import floor ${other}`;
}

interface Use {
  readonly file: string;
  readonly target: string;
  readonly isTest: boolean;
}

function usesOf(root: string, folder: string): Use[] {
  const manifest = `${folder}/package.json`;
  const dependencies = dependencyNames(readFileSync(path.join(root, manifest), 'utf8'));
  const declared = dependencies.map((target) => ({ file: manifest, target, isTest: false }));
  const imported = globSync(`${folder}/src/**/*.ts`, { cwd: root }).flatMap((file) =>
    importsOf(readFileSync(path.join(root, file), 'utf8')).map((target) => ({ file, target, isTest: /\.(test|bench)\.ts$/.test(file) })),
  );
  return [...declared, ...imported];
}

function dependencyNames(manifest: string): string[] {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(manifest);
  return Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => (name.startsWith(scope) ? [name.slice(scope.length)] : []));
}

function importsOf(source: string): string[] {
  const code = source.replaceAll(/^\s*(\/?\*|\/\/).*$/gm, '');
  return [...code.matchAll(/(?:from|import)\s*\(?\s*['"]@midgard\/([\w-]+)/g)].map((match) => match[1] ?? '');
}

if (import.meta.main) {
  const violations = layerViolations(path.resolve(import.meta.dirname, '../../..'));
  for (const { file, imports, rule } of violations) console.error(`${file} imports ${imports}: ${rule}`);
  console.log(violations.length === 0 ? 'layers: every dependency points down' : `layers: ${violations.length} violations`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
