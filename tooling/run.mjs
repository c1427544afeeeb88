// Bootstrap behind `npm start`, `npm test`, `npm run setup` and `npm run midgard`: needs nothing but npm and any Node from 20 on.
// It installs with the pinned pnpm when something changed, then runs the task on the pinned Node that came from npm.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = path.join(root, 'node_modules/.bin');
const stamp = path.join(root, 'node_modules/.midgard-installed');

/** What an install depends on: as long as it is unchanged, there is nothing to install. */
function fingerprint() {
  const hash = createHash('sha256');
  const folders = ['packages', 'apps', 'games', 'tooling'];
  const manifests = folders
    .flatMap((folder) => subfolders(folder))
    .concat('benchmarks', '.')
    .sort();
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests.map((folder) => `${folder}/package.json`)]) {
    const full = path.join(root, file);
    if (existsSync(full)) hash.update(file).update(readFileSync(full));
  }
  return hash.digest('hex');
}

function subfolders(folder) {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`);
}

function install() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  // Everything goes to stderr: the stdout of `midgard keys create` is the key and nothing else.
  const result = spawnSync('npx', ['-y', packageManager, 'install', '--frozen-lockfile'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) process.exit(result.status ?? 1);
  writeFileSync(stamp, wanted);
}

function command(task, rest) {
  const node = pinnedNode();
  if (task === 'midgard') return [node, ['--conditions=@midgard/source', 'apps/middleware/src/main.ts', ...rest]];
  if (task === 'test') return [path.join(bin, 'vitest'), ['run', '--config', 'tooling/vitest.config.ts', ...rest]];
  return [path.join(bin, 'pnpm'), ['run', task, ...rest]];
}

/** The Node of package.json, from npm; on a platform that has no such package, the one that runs this file if it is new enough. */
function pinnedNode() {
  const link = path.join(bin, 'node');
  if (existsSync(link)) return realpathSync(link);
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  process.stderr.write(`Midgard needs Node 24 or newer; this is ${process.version}, and npm has no node package for ${process.platform}-${process.arch}\n`);
  return process.exit(1);
}

install();
const [task = 'setup', ...rest] = process.argv.slice(2);
if (task === 'setup') process.exit(0);

const [file, args] = command(task, rest);
const env = {
  ...process.env,
  PATH: `${bin}${path.delimiter}${process.env.PATH}`,
  // Native builds must take the headers of the Node that will load them, never the system's.
  npm_config_nodedir: path.resolve(pinnedNode(), '../..'),
  TURBO_TELEMETRY_DISABLED: '1',
};
const child = spawn(file, args, { cwd: root, stdio: 'inherit', env });
// A terminal already sends SIGINT to the whole group; forwarding it would hit the child twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
