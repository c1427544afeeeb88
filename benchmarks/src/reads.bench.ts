/**
 * Reads of one cached player through the whole service, beside the least that a server in this runtime can do with the
 * same bytes: over TCP a bare `node:net` responder, over HTTP a bare Hono application. One load generator for all, medians of
 * five interleaved runs, ratios to the peer. `npx pnpm run bench --filter @midgard/benchmarks`; `--seconds 2` for each run.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import { blast, type Load } from './blast.ts';

const runs = 5;
const connections = 50;
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '1' } } });
const seconds = Number(values.seconds);
const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'midgard-bench-'));
const children: ChildProcess[] = [];

function launch(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=@midgard/source', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let text = '';
  for (;;) {
    const [chunk]: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data');
    text += String(chunk);
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
}

async function startService() {
  const service = launch([path.join(root, 'apps/middleware/src/main.ts'), 'start'], {
    MIDGARD_SERVER_TCP_PORT: '0',
    MIDGARD_SERVER_HTTP_PORT: '0',
    MIDGARD_LOG_LEVEL: 'error',
  });
  const [, tcpPort, baseUrl = '', key = ''] = await printed(service, /TCP\s+\S+:(\d+)\s+HTTP\s+(http:\/\/[^/\s]+)[\s\S]*?Key\s+(\S+)/);
  const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' };
  const created = await fetch(`${baseUrl}/api/v1/games/realm/players`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'Astrid', attributes: { hair: 'red', title: 'of the northern shore' } }),
  });
  const [, id = ''] = /"id":"(\d+)"/.exec(await created.text()) ?? [];
  return { tcpPort: Number(tcpPort), httpPort: Number(new URL(baseUrl).port), key, id };
}

type Loads = Omit<Load, 'connections' | 'seconds'>;

/** Asks once by hand, to learn how long the answer is. */
async function answerBytes(load: Omit<Loads, 'responseBytes'>): Promise<number> {
  const { createConnection } = await import('node:net');
  const socket = createConnection({ port: load.port, host: '127.0.0.1' });
  if (load.hello !== undefined) {
    socket.write(load.hello);
    await once(socket, 'data');
  }
  socket.write(load.request);
  const [answer]: Buffer[] = await once(socket, 'data');
  socket.destroy();
  return answer?.length ?? 0;
}

async function tcpPair(depth: number): Promise<readonly [Loads, Loads]> {
  const hello = encodeFrame(
    { kind: Kind.hello },
    encodeValue({ client: 'bench/1', auth: { kind: 'apiKey', key: service.key }, encodings: ['msgpack'], compression: [], checksum: false }, 'json'),
  );
  const request = encodeFrame({ kind: Kind.request, requestId: 7, game: 2, operation: 1 }, encodeValue({ id: service.id }, 'msgpack'));
  const ours = { port: service.tcpPort, depth, request, hello };
  const responseBytes = await answerBytes(ours);
  const peer = launch([path.join(import.meta.dirname, 'peer.ts'), 'tcp', String(request.length), Buffer.alloc(responseBytes, 1).toString('base64')]);
  const port = Number((await printed(peer, /(\d+)\n/))[1]);
  return [
    { ...ours, responseBytes },
    { port, depth, request, responseBytes },
  ];
}

async function httpPair(): Promise<readonly [Loads, Loads]> {
  const url = `/api/v1/games/realm/players/${service.id}`;
  const request = Buffer.from(`GET ${url} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${service.key}\r\n\r\n`);
  const body = await (await fetch(`http://127.0.0.1:${service.httpPort}${url}`, { headers: { 'X-API-Key': service.key } })).text();
  const peer = launch([path.join(import.meta.dirname, 'peer.ts'), 'http', Buffer.from(body).toString('base64')]);
  const ours = { port: service.httpPort, depth: 1, request };
  const bare = { port: Number((await printed(peer, /(\d+)\n/))[1]), depth: 1, request };
  return [
    { ...ours, responseBytes: await answerBytes(ours) },
    { ...bare, responseBytes: await answerBytes(bare) },
  ];
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function compare(name: string, peerName: string, [ours, peer]: readonly [Loads, Loads]) {
  const rates: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  for (let run = 0; run < runs; run++) {
    rates.ours.push(await blast({ ...ours, connections, seconds }));
    rates.peer.push(await blast({ ...peer, connections, seconds }));
  }
  const result = { name, peer: peerName, ours: Math.round(median(rates.ours)), theirs: Math.round(median(rates.peer)) };
  const ratio = result.ours / result.theirs;
  process.stdout.write(
    `${name.padEnd(22)} ${String(result.ours).padStart(8)}/s   ${peerName.padEnd(16)} ${String(result.theirs).padStart(8)}/s   ratio ${ratio.toFixed(2)}\n`,
  );
  return { ...result, ratio };
}

const service = await startService();
try {
  const results = [
    await compare('TCP player.get, depth 1', 'bare node:net', await tcpPair(1)),
    await compare('TCP player.get, depth 16', 'bare node:net', await tcpPair(16)),
    await compare('HTTP player.get', 'bare Hono', await httpPair()),
  ];
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
  mkdirSync(path.join(root, 'benchmarks/results'), { recursive: true });
  writeFileSync(
    path.join(root, 'benchmarks/results/reads.json'),
    `${JSON.stringify({ at: new Date().toISOString(), machine, connections, seconds, runs, results }, null, 2)}\n`,
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
