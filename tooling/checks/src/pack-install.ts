/**
 * What we publish installs into a plain Node project outside the workspace, imports there, and does something.
 *
 * Workspace links and the source condition hide a missing file, a wrong export map or an undeclared dependency;
 * only a tarball in a foreign folder shows them. Needs `turbo run build` first.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} in ${cwd} exited with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

interface Published {
  readonly name: string;
  readonly folder: string;
  readonly entries: readonly string[];
}

function published(): Published[] {
  return globSync('{packages,games}/*/package.json', { cwd: root }).map((file) => {
    const { name, publishConfig } = JSON.parse(readFileSync(path.join(root, file), 'utf8'));
    const entries = Object.keys(publishConfig.exports).filter((entry) => !entry.endsWith('.json') && entry !== './testing');
    return { name, folder: path.dirname(file), entries: entries.map((entry) => name + entry.slice(1)) };
  });
}

/** The first thing that a user of each package would try; a package without one is imported only. */
const firstUse = `
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { decodeValue, encodeValue } from '@midgard/codec';
import { MidgardError } from '@midgard/errors';
import { MemoryCache } from '@midgard/cache';
import { defineEntity, id, openDatabase, text } from '@midgard/dao';

assert.deepEqual(decodeValue(encodeValue({ id: '42' }, 'msgpack'), 'msgpack'), { id: '42' });
assert.equal(new MidgardError('notFound', 'no such player').code, 2002);
const cache = new MemoryCache({ maxEntries: 2 });
cache.set('a', 1);
assert.equal(cache.get('a'), 1);
const hero = defineEntity('hero', { columns: { id: id(), name: text(64) }, key: ['id'] });
const folder = mkdtempSync('hero-');
const database = await openDatabase('sqlite:' + folder + '/hero.db');
await database.migrate([hero]);
await database.transaction((session) => session.dao(hero).insert({ id: 7n, name: 'Ægir' }));
assert.equal((await database.read((session) => session.dao(hero).get({ id: 7n })))?.name, 'Ægir');
await database.close();
rmSync(folder, { recursive: true });
console.log('first use: codec, errors, cache and dao work from their tarballs');
`;

const folder = mkdtempSync(path.join(tmpdir(), 'midgard-pack-'));
try {
  const packages = published();
  for (const { folder: source } of packages) run('pnpm', ['pack', '--pack-destination', folder], path.join(root, source));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'elsewhere', private: true, type: 'module' }));
  const tarballs = globSync('*.tgz', { cwd: folder }).map((file) => `./${file}`);
  for (const tarball of tarballs)
    run(path.join(root, 'tooling/checks/node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], folder);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs], folder);
  const imports = packages.flatMap(({ entries }) => entries);
  writeFileSync(
    path.join(folder, 'imports.js'),
    imports.map((entry) => `console.log('${entry}', Object.keys(await import('${entry}')).length, 'exports');`).join('\n'),
  );
  writeFileSync(path.join(folder, 'first-use.js'), firstUse);
  process.stdout.write(run(process.execPath, ['imports.js'], folder));
  process.stdout.write(run(process.execPath, ['first-use.js'], folder));
  console.log(`pack and install: ${tarballs.length} tarballs install and import in a plain Node project`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
