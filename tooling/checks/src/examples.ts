/**
 * Every TypeScript block of a README and every `@example` of a doc comment compiles against the packages as they stand.
 *
 * The blocks are written below the package's node_modules, where its own name and its dependencies resolve, and are
 * checked with one run of the compiler. A block that starts with `// not compiled:` and a reason is left out.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = 'node_modules/.examples';

interface Example {
  readonly owner: string;
  readonly from: string;
  readonly code: string;
}

function examples(): Example[] {
  const pages = ['README.md', ...globSync('{packages,games,apps}/*/*.md', { cwd: root })];
  const sources = globSync('{packages,games,tooling}/*/src/**/*.ts', { cwd: root });
  return [...pages, ...sources]
    .flatMap((from) => {
      // The page at the top is about the whole; the service has all that it imports.
      const owner = from === 'README.md' ? 'apps/middleware' : from.split(path.sep).slice(0, 2).join('/');
      const text = readFileSync(path.join(root, from), 'utf8');
      const plain = from.endsWith('.md')
        ? text
        : text
            .replaceAll(/^ *\* ?/gm, '\u0000')
            .split('\n')
            .filter((line) => line.startsWith('\u0000'))
            .join('\n')
            .replaceAll('\u0000', '');
      return [...plain.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => ({ owner, from, code }));
    })
    .filter(({ code }) => !code.startsWith('// not compiled:'));
}

function write(all: readonly Example[]): string[] {
  return all.map(({ owner, from, code }, index) => {
    const directory = path.join(root, owner, folder);
    mkdirSync(directory, { recursive: true });
    const file = path.join(directory, `${index}.ts`);
    writeFileSync(file, `// from ${from}\n${code}\nexport {};\n`);
    return file;
  });
}

function clean(): void {
  for (const owner of globSync(`{packages,games,apps}/*/${folder}`, { cwd: root })) rmSync(path.join(root, owner), { recursive: true });
}

clean();
const all = examples();
const files = write(all);
const project = path.join(root, 'node_modules/.cache/examples.json');
mkdirSync(path.dirname(project), { recursive: true });
writeFileSync(
  project,
  JSON.stringify({
    extends: path.join(root, 'tooling/tsconfig/base.json'),
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      isolatedDeclarations: false,
      noEmit: true,
      noUnusedLocals: false,
      typeRoots: [path.join(root, 'node_modules/@types')],
    },
    files,
  }),
);
const result = spawnSync(path.join(root, 'node_modules/.bin/tsc'), ['-p', project], { encoding: 'utf8', cwd: root });
const output = result.stdout.replaceAll(/^\S*\.examples\/(\d+)\.ts/gm, (name, index) => `${all[Number(index)]?.from ?? ''} (${name})`);
if (result.status === 0) clean();
console.log(result.status === 0 ? `examples: ${all.length} blocks compile` : output);
process.exitCode = result.status ?? 1;
