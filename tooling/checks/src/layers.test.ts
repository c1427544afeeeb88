import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { layerViolations } from './layers.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'midgard-layers-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function place(folder: string, source: string, dependencies: Record<string, string> = {}): void {
  mkdirSync(path.join(root, folder, 'src'), { recursive: true });
  writeFileSync(path.join(root, folder, 'package.json'), JSON.stringify({ dependencies }));
  writeFileSync(path.join(root, folder, 'src/index.ts'), source);
}

describe('layers', () => {
  test('the tree as it stands keeps to its floors', () => {
    expect(layerViolations(path.resolve(import.meta.dirname, '../../..'))).toEqual([]);
  });

  test.each([
    ['a ground-floor library that imports another', 'packages/codec', '@midgard/errors', 'floor 0 may not import floor 0'],
    ['a library that imports upward', 'packages/dao', '@midgard/game-kit', 'floor 1 may not import floor 2'],
    ['a library that imports a game', 'packages/server', '@midgard/game-realm', 'a library imports no game and no app'],
    ['a game that reaches past the kit', 'games/realm', '@midgard/dao', 'a game imports @midgard/game-kit and nothing else of ours'],
    ['a subpath of another floor', 'games/realm', '@midgard/dao/testing', 'a game imports @midgard/game-kit and nothing else of ours'],
  ])('%s is refused', (_name, folder, target, rule) => {
    place(folder, `import { x } from '${target}';\nexport const y = x;\n`);
    expect(layerViolations(root)).toMatchObject([{ file: `${folder}/src/index.ts`, rule }]);
  });

  test('a dynamic import is seen', () => {
    place('packages/dao', `export const load = () => import('@midgard/server');\n`);
    expect(layerViolations(root)).toHaveLength(1);
  });

  test('a dependency that only the manifest names is refused', () => {
    place('packages/errors', 'export {};\n', { '@midgard/dao': 'workspace:^' });
    expect(layerViolations(root)).toMatchObject([{ file: 'packages/errors/package.json' }]);
  });

  test('a package without a floor is refused as soon as it imports one of ours', () => {
    place('packages/newcomer', `import '@midgard/errors';\n`);
    expect(layerViolations(root)[0]?.rule).toContain('has no floor');
  });

  test('imports that point down pass', () => {
    place('packages/server', `import { a } from '@midgard/game-kit';\nexport { b } from '@midgard/errors';\nexport { a };\n`);
    place('games/realm', `import { a } from '@midgard/game-kit';\nexport { a };\n`);
    expect(layerViolations(root)).toEqual([]);
  });
});
