/**
 * Every declaration that a package exports says what it is for: a name without a doc comment fails the build.
 *
 * Line-based on purpose: TypeScript 7 has no JavaScript API, and our exports are plain declarations re-exported by name.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @param root folder that holds packages/ and games/
 * @returns `file: name` of every export without a doc comment, and of every `export *`, which would hide names from readers
 */
export function undocumentedExports(root: string): string[] {
  const entries = globSync(['packages/*/src/index.ts', 'packages/*/src/testing/index.ts', 'games/*/src/index.ts'], { cwd: root });
  return entries.flatMap((entry) => findings(root, entry));
}

function findings(root: string, entry: string): string[] {
  const source = readFileSync(path.join(root, entry), 'utf8');
  const stars = /export \*/.test(source) ? [`${entry}: export *`] : [];
  const names = [...source.matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)].flatMap(([, list = '', from = '']) =>
    list
      .split(',')
      .map(
        (item) =>
          item
            .trim()
            .replace(/^type /, '')
            .split(' as ')[0] ?? '',
      )
      .filter((name) => name !== '')
      .map((name) => ({ name, file: path.join(path.dirname(entry), from) })),
  );
  return [...stars, ...names.flatMap(({ name, file }) => (isDocumented(root, file, name) ? [] : [`${file}: ${name}`]))];
}

function isDocumented(root: string, file: string, name: string): boolean {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  const declaration = new RegExp(`^export (declare )?(abstract )?(async )?(class|function\\*?|const|let|interface|type) ${name}\\b`);
  const at = lines.findIndex((line) => declaration.test(line));
  if (at >= 0) return lines[at - 1]?.trim().endsWith('*/') ?? false;
  // Re-exported once more from a folder's own index: the name is looked for behind it.
  const source = lines.join('\n');
  const next = [...source.matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)].find(([, list = '']) => new RegExp(`\\b${name}\\b`).test(list));
  return next?.[2] !== undefined && isDocumented(root, path.join(path.dirname(file), next[2]), name);
}
