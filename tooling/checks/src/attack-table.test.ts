import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tableFaults } from './attack-table.ts';

function row(name: string): string {
  return `[a.test.ts](../../apps/middleware/src/attacks/a.test.ts): \`${name}\``;
}

test('every attack of the table has its tests, and every suite of attacks stands in it', () => {
  expect(tableFaults(path.resolve(import.meta.dirname, '../../..'))).toEqual([]);
});

test('a test that was renamed, a row without one and a suite without a row are found', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'midgard-attacks-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(path.join(root, 'apps/middleware/src/attacks'), { recursive: true });
  const rows = [`| one | API1 | ${row('it is refused')}<br>${row("the other's is, too")} |`, `| two | API2 | ${row('gone')} |`, '| three | API3 | later |'];
  writeFileSync(path.join(root, 'apps/middleware/SECURITY.md'), `# Attacks\n\n| attack | against | tests |\n|---|---|---|\n${rows.join('\n')}\n\nMore.\n`);
  const source = path.join(root, 'apps/middleware/src/attacks/a.test.ts');
  writeFileSync(source, `test('it is refused', run);\ntest("the other's is, too", run);\n`);
  cpSync(source, path.join(root, 'apps/middleware/src/attacks/b.test.ts'));
  expect(tableFaults(root)).toEqual([
    'three: names no test',
    'two: apps/middleware/src/attacks/a.test.ts has no test "gone"',
    'apps/middleware/src/attacks/b.test.ts stands in no row',
  ]);
});
