import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { undocumentedExports } from './documented.ts';

test('every export of the tree has a doc comment', () => {
  expect(undocumentedExports(path.resolve(import.meta.dirname, '../../..'))).toEqual([]);
});

test('an export without a doc comment, and export *, are found', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'midgard-documented-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(path.join(root, 'packages/a/src'), { recursive: true });
  writeFileSync(path.join(root, 'packages/a/src/index.ts'), `export { good, bare, type Shape } from './a.ts';\nexport * from './b.ts';\n`);
  writeFileSync(
    path.join(root, 'packages/a/src/a.ts'),
    `/** Good. */\nexport const good = 1;\nexport function bare(): void {}\n/** A shape. */\nexport interface Shape {}\n`,
  );
  expect(undocumentedExports(root)).toEqual(['packages/a/src/index.ts: export *', 'packages/a/src/a.ts: bare']);
});
