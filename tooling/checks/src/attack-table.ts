/**
 * The table of attacks in apps/middleware/SECURITY.md names a test for each; a reader who looks for it must find it.
 *
 * Names are looked for as they stand in the source, in quotes: what a test is called is a constant of ours.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const table = 'apps/middleware/SECURITY.md';
/** Tests that are about attacks alone: each file of them stands in the table. */
const suites = ['apps/*/src/attacks/*.test.ts', 'games/*/src/attacks.test.ts', 'packages/**/src/**/attacks.test.ts', 'packages/*/src/**/smuggling.test.ts'];

/** A test that the table names. */
interface NamedTest {
  readonly attack: string;
  readonly file: string;
  readonly name: string;
}

/**
 * @param root folder of the repository
 * @returns what the table says and is not so: a row without a test, a test that is not there, a suite that no row names
 */
export function tableFaults(root: string): readonly string[] {
  const rows = rowsOf(readFileSync(path.join(root, table), 'utf8'));
  const named = rows.flatMap(({ tests }) => tests);
  const empty = rows.filter(({ tests }) => tests.length === 0).map(({ attack }) => `${attack}: names no test`);
  const missing = named.filter((test) => !isThere(root, test)).map(({ attack, file, name }) => `${attack}: ${file} has no test "${name}"`);
  const files = globSync(suites, { cwd: root, exclude: ['**/node_modules/**'] });
  const unnamed = files.filter((each) => !named.some(({ file }) => file === each)).map((file) => `${file} stands in no row`);
  return [...(rows.length === 0 ? ['the table has no rows'] : []), ...empty, ...missing, ...unnamed];
}

function rowsOf(text: string): readonly { readonly attack: string; readonly tests: readonly NamedTest[] }[] {
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) => {
    const [attack = '', , tests = ''] = line.slice(2).split(' | ');
    const links = [...tests.matchAll(/\]\(\.\.\/\.\.\/([^)]+)\): `([^`]+)`/g)];
    return { attack, tests: links.map(([, file = '', name = '']) => ({ attack, file, name })) };
  });
}

function isThere(root: string, { file, name }: NamedTest): boolean {
  const at = path.join(root, file);
  if (!existsSync(at)) return false;
  const source = readFileSync(at, 'utf8');
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => source.includes(quoted));
}
