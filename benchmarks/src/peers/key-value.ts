import { createConnection } from 'node:net';
import { readFileSync } from 'node:fs';
import { findProgram, freePort, startRedis } from '@midgard/test-services';
import type { Keys, Target } from '../load/plan.ts';
import type { Children } from '../service/children.ts';

/** A running store of keys and values of one size. */
export interface KeyValueStore {
  readonly name: string;
  readonly pid: number;
  /** @param keys without them always the same key is read */
  readonly target: (keys?: Keys) => Target;
}

const atOnce = 1000;

/** A private Redis with a value of so many bytes below each id of the file. */
export async function redisWith(idFile: string, valueBytes: number, stack: AsyncDisposableStack): Promise<KeyValueStore> {
  const redis = stack.use(await startRedis({ appendonly: 'no', save: '' }));
  const value = 'x'.repeat(valueBytes);
  const ids = idsOf(idFile);
  const set = (id: string): string => `*3\r\n$3\r\nSET\r\n$${id.length}\r\n${id}\r\n$${valueBytes}\r\n${value}\r\n`;
  await fill(redis.port, ids.map(set), '+OK\r\n');
  const info = await ask(redis.port, 'INFO server\r\nQUIT\r\n');
  return {
    name: `Redis ${/redis_version:(\S+)/.exec(info)?.[1] ?? ''}`,
    pid: Number(/process_id:(\d+)/.exec(info)?.[1]),
    target: (keys) => targetOf('redis', redis.port, ids, (id) => `*2\r\n$3\r\nGET\r\n$${id.length}\r\n${id}\r\n`, keys),
  };
}

/** A memcached with the same, in one thread as the others are; undefined where it is not installed. */
export async function memcachedWith(children: Children, idFile: string, valueBytes: number): Promise<KeyValueStore | undefined> {
  const program = findProgram('memcached');
  if (program === undefined) return undefined;
  const port = await freePort();
  const { pid } = children.run(program, ['-u', 'root', '-l', '127.0.0.1', '-p', `${port}`, '-m', '1024', '-t', '1']);
  const value = 'x'.repeat(valueBytes);
  const ids = idsOf(idFile);
  await answers(port);
  await fill(
    port,
    ids.map((id) => `set ${id} 0 0 ${valueBytes}\r\n${value}\r\n`),
    'STORED\r\n',
  );
  const [, version = ''] = /VERSION (\S+)/.exec(await ask(port, 'version\r\nquit\r\n')) ?? [];
  return { name: `memcached ${version}`, pid, target: (keys) => targetOf('memcached', port, ids, (id) => `get ${id}\r\n`, keys) };
}

function idsOf(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

function targetOf(protocol: Target['protocol'], port: number, [id = '']: readonly string[], get: (id: string) => string, keys: Keys | undefined): Target {
  const bytes = Buffer.from(get(id));
  return keys === undefined ? { protocol, port, requests: [{ bytes }] } : { protocol, port, keys, requests: [{ bytes, keyAt: bytes.indexOf(id) }] };
}

/** Sends commands, some at once, each of which is to be answered with the same. */
async function fill(port: number, commands: readonly string[], answer: string): Promise<void> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  const batches = Array.from({ length: Math.ceil(commands.length / atOnce) }, (_, at) => commands.slice(at * atOnce, (at + 1) * atOnce));
  let missing = 0;
  const sendNext = (): void => {
    const batch = batches.shift();
    if (batch === undefined) return void socket.end();
    missing = batch.length * answer.length;
    socket.write(batch.join(''));
  };
  sendNext();
  for await (const chunk of socket) {
    missing -= String(chunk).length;
    if (missing === 0) sendNext();
  }
}

/** Everything that a server says to a text after which it closes. */
async function ask(port: number, text: string): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const isUp = await ask(port, 'version\r\nquit\r\n').then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
