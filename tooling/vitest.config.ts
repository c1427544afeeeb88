import { globSync } from 'node:fs';
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

export default defineConfig({
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { projects, pool: 'threads', passWithNoTests: true, reporters: ['default', `${root}tooling/closing-line.ts`] },
});
