import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { formatPath } from './path.ts';
import { readYaml } from './yaml-source.ts';

describe('readYaml', () => {
  test('no text makes it throw, and every fault has a position', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\]\n a-c:&*{}[,"'|>#-]{0,40}$/)), (text) => {
        const { issues } = readYaml(text, 'x');
        expect(issues.every(({ source }) => source.kind === 'file' && source.line >= 1 && source.column >= 1)).toBe(true);
      }),
    );
  });

  test('every key of a file is found at the line that holds it', () => {
    const key = fc.stringMatching(/^[a-z]{1,6}$/);
    const tree = fc.dictionary(
      key,
      fc.oneof(fc.integer(), fc.dictionary(key, fc.oneof(fc.boolean(), fc.array(fc.integer(), { minLength: 1 })), { minKeys: 1 })),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(tree, (data) => {
        const text = stringify(data);
        const lines = text.split('\n');
        const source = readYaml(text, 'x');
        for (const [name, value] of Object.entries(data)) {
          const paths = [[name], ...(typeof value === 'object' ? Object.keys(value).map((inner) => [name, inner]) : [])];
          for (const path of paths) {
            const at = source.locate(path);
            expect(at?.kind === 'file' && lines[at.line - 1]?.slice(at.column - 1).startsWith(`${path.at(-1)}:`), formatPath(path)).toBe(true);
          }
        }
      }),
    );
  });

  test('a place behind an alias is found where it is written', () => {
    expect(readYaml('a: &x\n  b: 1\nc: *x\n', 'f').locate(['c', 'b'])).toEqual({ kind: 'file', file: 'f', line: 2, column: 3 });
  });

  test('a place that is not there has no position', () => {
    const source = readYaml('a: [1]\n', 'f');
    expect([['b'], ['a', 1], ['a', 0, 'x']].map((path) => source.locate(path))).toEqual([undefined, undefined, undefined]);
  });
});
