import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reviewInstallScripts, reviewLock } from './dependencies.ts';

const workspace = 'catalog:\n  zod: 4.6.7\n  keyv-5: npm:keyv@5.6.0\n';
const sound = 'packages:\n  zod@4.6.7:\n    resolution: {integrity: sha512-abc}\n';

describe('the lock file', () => {
  test('with exact, pinned packages of the registry is in order', () => {
    expect(reviewLock({ workspace, lock: sound })).toEqual([]);
  });

  test.each([
    ['a range in the catalog', { workspace: 'catalog:\n  zod: ^4.6.7\n', lock: sound }, 'zod', /exact/],
    ['a tag in the catalog', { workspace: 'catalog:\n  zod: latest\n', lock: sound }, 'zod', /exact/],
    ['a package without a digest', { workspace, lock: 'packages:\n  zod@4.6.7:\n    resolution: {}\n' }, 'zod@4.6.7', /SHA-512/],
    ['a package with a weak digest', { workspace, lock: 'packages:\n  zod@4.6.7:\n    resolution: {integrity: sha1-abc}\n' }, 'zod@4.6.7', /SHA-512/],
    [
      'a package from elsewhere',
      { workspace, lock: 'packages:\n  z@1.0.0:\n    resolution: {integrity: sha512-a, tarball: https://example.com/z.tgz}\n' },
      'z@1.0.0',
      /registry/,
    ],
    ['a package from a repository', { workspace, lock: 'packages:\n  z@1.0.0:\n    resolution: {integrity: sha512-a, type: git}\n' }, 'z@1.0.0', /registry/],
    [
      'a package that was given up',
      { workspace, lock: 'packages:\n  z@1.0.0:\n    resolution: {integrity: sha512-a}\n    deprecated: use y\n' },
      'z@1.0.0',
      /use y/,
    ],
  ])('with %s is not', (_name, text, dependency, problem) => {
    expect(reviewLock(text)).toEqual([{ dependency, problem: expect.stringMatching(problem) }]);
  });
});

describe('install scripts', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'midgard-dependencies-'));
    writeFileSync(path.join(root, 'pnpm-workspace.yaml'), 'allowBuilds:\n  known: true\n  refused: false\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function install(name: string, scripts: Record<string, string>): void {
    const folder = path.join(root, 'node_modules/.pnpm', `${name.replace('/', '+')}@1.0.0`, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, scripts }));
  }

  test('of packages that nobody has named are found, with a scope or without', () => {
    install('known', { postinstall: 'make' });
    install('refused', { install: 'make' });
    install('harmless', { test: 'make' });
    expect(reviewInstallScripts(root)).toEqual([]);
    install('stranger', { preinstall: 'make' });
    install('@some/stranger', { postinstall: 'make' });
    expect(
      reviewInstallScripts(root)
        .map(({ dependency }) => dependency)
        .toSorted(),
    ).toEqual(['@some/stranger', 'stranger']);
  });
});
