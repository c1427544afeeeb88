/**
 * Reads of one cached player through the whole service, beside the least that a server in this runtime can do with the
 * same bytes: over TCP a bare `node:net` responder, over HTTP a bare Hono application. One load generator for all, medians of
 * five interleaved runs, ratios to the peer. `npx pnpm run bench --filter @midgard/benchmarks`; `--seconds 2` for each run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { blast } from './blast.ts';
import { answerBytes, Children, httpReads, type Loads, median, printed, root, tcpReads } from './started-service.ts';

const runs = 5;
const connections = 50;
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '1' } } });
const seconds = Number(values.seconds);
const peerFile = path.join(import.meta.dirname, 'peer.ts');

async function tcpPair(depth: number): Promise<readonly [Loads, Loads]> {
  const ours = await tcpReads(service, depth);
  const { request, responseBytes } = ours;
  const peer = children.launch([peerFile, 'tcp', String(request.length), Buffer.alloc(responseBytes, 1).toString('base64')]);
  const port = Number((await printed(peer, /(\d+)\n/))[1]);
  return [ours, { port, depth, request, responseBytes }];
}

async function httpPair(): Promise<readonly [Loads, Loads]> {
  const ours = await httpReads(service);
  const url = `http://127.0.0.1:${service.httpPort}/api/v1/games/realm/players/${service.id}`;
  const body = await (await fetch(url, { headers: { 'X-API-Key': service.key } })).text();
  const peer = children.launch([peerFile, 'http', Buffer.from(body).toString('base64')]);
  const bare = { port: Number((await printed(peer, /(\d+)\n/))[1]), depth: 1, request: ours.request };
  return [ours, { ...bare, responseBytes: await answerBytes(bare) }];
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

using children = new Children();
const service = await children.service();
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
