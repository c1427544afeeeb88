import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const conditions = ['@midgard/source', 'module', 'node', 'development|production'];

// Inline projects: projects found by a glob would not inherit this file.
const projects = globSync('{packages,apps,games,tooling}/*/package.json', { cwd: root })
  .map((manifest) => manifest.replace('/package.json', ''))
  .map((folder) => ({
    extends: true as const,
    test: { name: folder, root: `${root}${folder}`, include: ['src/**/*.test.ts'] },
  }));

// On two cores vitest would run one file at a time, and many of ours wait for a server most of theirs.
const maxWorkers = Math.max(2, availableParallelism() - 1);

/** Beyond it a test hangs. It is no measure of speed: on a busy machine opening a connection takes seconds. */
const testTimeout = 20_000;

export default defineConfig({
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { projects, pool: 'threads', maxWorkers, testTimeout, passWithNoTests: true, reporters: ['default', `${root}tooling/closing-line.ts`] },
});
