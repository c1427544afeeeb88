import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '@midgard/test-services';

const sources = path.resolve(import.meta.dirname, '../../load');
const cache = path.resolve(import.meta.dirname, '../../../node_modules/.cache/midgard-load');

/** The C compiler of this machine, or undefined. */
export function findCompiler(): string | undefined {
  return findProgram('cc') ?? findProgram('gcc');
}

/**
 * The load generator as a program: compiled at its first use and after each change of its sources.
 *
 * @returns its path
 * @throws if there is no C compiler, or it refuses the sources
 */
export function compiledLoad(): string {
  const files = globSync('*.{c,h}', { cwd: sources }).toSorted();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(path.join(sources, file)));
  const program = path.join(cache, `load-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(program)) compile(program, files);
  return program;
}

function compile(program: string, files: readonly string[]): void {
  const compiler = findCompiler();
  if (compiler === undefined) throw new Error('the load generator is written in C, and there is no cc on this machine: apt-get install gcc libc6-dev');
  mkdirSync(cache, { recursive: true });
  // Two that compile at once each put a whole program in place.
  const unfinished = `${program}.${randomUUID()}`;
  const units = files.filter((file) => file.endsWith('.c'));
  const flags = ['-O2', '-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-o', unfinished];
  const { status, stderr, error } = spawnSync(compiler, [...flags, ...units, '-lm'], { cwd: sources, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${compiler} did not compile the load generator:\n${error?.message ?? stderr}`);
  renameSync(unfinished, program);
}
