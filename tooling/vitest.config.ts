import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { configDefaults, defineConfig } from 'vitest/config';
import { testsOfOtherPrograms } from './other-programs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const conditions = ['@midgard/source', 'module', 'node', 'development|production'];

const exclude = [...configDefaults.exclude, ...(process.env['MIDGARD_TEST_NODE_ONLY'] === undefined ? [] : testsOfOtherPrograms(root))];

// Inline projects: projects found by a glob would not inherit this file.
const projects = globSync(['{packages,apps,games,tooling}/*/package.json', 'benchmarks/package.json'], { cwd: root })
  .map((manifest) => manifest.replace('/package.json', ''))
  .map((folder) => ({
    extends: true as const,
    test: { name: folder, root: `${root}${folder}`, include: ['src/**/*.test.ts'], exclude },
  }));

// On two cores vitest would run one file at a time, and many of ours wait for a server most of theirs.
const maxWorkers = Math.max(2, availableParallelism() - 1);

/**
 * Beyond it a test hangs. It is no measure of speed: on a busy machine opening a connection takes seconds, and passwords are hashed in
 * threads that give way to all others, such as the other tests.
 */
const testTimeout = 60_000;
/** Servers are started in hooks, several for each file. */
const hookTimeout = 60_000;

/** What a test waits for comes when it comes: the second that is vitest's default is short of what a busy machine may stand still. */
const expectation = { poll: { timeout: 15_000, interval: 20 } };

/** Services and workers are started by the hundred, each from the same sources: from here the next one has them compiled, in two thirds of the time. */
const env = { NODE_COMPILE_CACHE: `${root}node_modules/.cache/midgard-compiled` };

export default defineConfig({
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects,
    pool: 'threads',
    maxWorkers,
    testTimeout,
    hookTimeout,
    expect: expectation,
    env,
    passWithNoTests: true,
    reporters: ['default', `${root}tooling/closing-line.ts`],
  },
});
