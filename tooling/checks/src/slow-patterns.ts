/**
 * No pattern of ours takes time by the square of a text, or worse, that somebody else writes: a few thousand characters would hold up
 * every other request (CWE-1333, ASVS 5 §1.3.12).
 *
 * Read from the syntax tree of each source, so that a pattern that is added is looked at, too, by https://github.com/RunDevelopment/scslre.
 * What that cannot see (word boundaries, look-arounds) is measured where it meets input.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Expression, parseSync, Visitor } from 'oxc-parser';
import { analyse } from 'scslre';

/** A pattern that may be slow, or that cannot be looked at since it is put together while the program runs. */
export interface SlowPattern {
  readonly file: string;
  readonly pattern: string;
}

/** Slow ones over texts that nobody from outside writes, or that are cut before: file, pattern and why it may stay. */
const accepted: readonly (readonly [string, string, string])[] = [
  ['apps/middleware/src/database/database-options.ts', String.raw`/\/\/.*@/s`, 'a URL of the configuration'],
  ['apps/middleware/src/database/database-options.ts', String.raw`/\?.*$/s`, 'a URL of the configuration'],
  ['apps/middleware/src/database/database-schema.ts', 'new RegExp', 'made of constants, over a URL of the configuration'],
  ['packages/client/src/http-client.ts', String.raw`/\/+$/`, 'a URL of the configuration'],
  ['packages/config/src/secrets.ts', String.raw`/\/\/.*@/s`, 'a URL of the configuration'],
  ['packages/config/src/secrets.ts', '/([?&;][^=&;]*(?:pass|secret|token|key)[^=&;]*=)[^&;]*/gi', 'a URL of the configuration'],
  ['packages/dao/src/values.ts', String.raw`/^-?0*(\d*)(?:\.(\d+))?$/`, 'at most 40 characters'],
  ['packages/queue/src/redis-queue/server-check.ts', 'new RegExp', 'made of constants, over what Redis says of itself'],
];

/**
 * @param root folder that holds packages/, games/ and apps/
 * @returns what is slow and not accepted; an acceptance that fits nothing any more, too, as `accepted in vain`
 */
export function slowPatterns(root: string, exceptions: typeof accepted = accepted): readonly SlowPattern[] {
  const files = globSync('{packages,games,apps}/*/src/**/*.ts', { cwd: root, exclude: ['**/*.{test,bench}.ts', '**/test/**', '**/testing/**'] });
  const found = files.flatMap((file) => slowIn(file, readFileSync(path.join(root, file), 'utf8')));
  const isException = ({ file, pattern }: SlowPattern): boolean => exceptions.some(([where, what]) => file === where && pattern === what);
  const inVain = exceptions.filter(([where, what]) => !found.some(({ file, pattern }) => file === where && pattern === what));
  return [...found.filter((each) => !isException(each)), ...inVain.map(([file, pattern]) => ({ file: `accepted in vain: ${file}`, pattern }))];
}

function slowIn(file: string, source: string): readonly SlowPattern[] {
  const slow: SlowPattern[] = [];
  const made = (callee: Expression): void => {
    if (callee.type === 'Identifier' && callee.name === 'RegExp') slow.push({ file, pattern: 'new RegExp' });
  };
  new Visitor({
    Literal(node) {
      if (!('regex' in node)) return;
      const { pattern, flags } = node.regex;
      if (analyse({ source: pattern, flags }).reports.length > 0) slow.push({ file, pattern: `/${pattern}/${flags}` });
    },
    NewExpression: ({ callee }) => made(callee),
    CallExpression: ({ callee }) => made(callee),
  }).visit(parseSync(file, source).program);
  return slow;
}
