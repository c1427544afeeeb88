/**
 * How long after a write through one worker was answered another one still gives the old value: the moment at which the last question was asked
 * that got it. Printed, with and without load beside it.
 *
 * node --conditions=@midgard/source src/testing/worker-delay.ts [writes]
 */
import process from 'node:process';
import { connect, type GameClient } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { createPlayer, figureOf } from './realm-http.ts';
import { ServiceProcess, type StartedService } from './service-process.ts';
import { WorkerLoad } from './worker-load.ts';

type Game = GameClient<typeof realm>;

/** A client of each worker: which one a connection came to its number of connections tells. */
async function clientOfEach({ tcpPort, key, ...started }: StartedService): Promise<readonly [Game, Game]> {
  const found = new Map<number, Game>();
  const countOf = (worker: number): Promise<number> => figureOf({ tcpPort, key, ...started }, `midgard_connections{transport="tcp",worker="${worker}"}`);
  let before = await countOf(0);
  while (found.size < 2) {
    const client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key } });
    const now = await countOf(0);
    found.set(now > before ? 0 : 1, client.game(realm));
    before = now;
  }
  const [first, second] = [found.get(0), found.get(1)];
  if (first === undefined || second === undefined) throw new RangeError('no client of each');
  return [first, second];
}

/** @returns milliseconds; 0: the first answer was the new one */
async function lastStale(reader: Game, { id, level }: { readonly id: string; readonly level: number }): Promise<number> {
  const writtenAt = performance.now();
  for (let last = 0; ;) {
    const askedAt = performance.now();
    if ((await reader.call('player.get', { id })).level === level) return last;
    last = askedAt - writtenAt;
  }
}

async function measure([writer, reader]: readonly [Game, Game], id: string, writes: number): Promise<string> {
  const delays: number[] = [];
  for (let at = 0; at < writes; at += 1) {
    const level = 1 + (at % 100);
    await reader.call('player.get', { id });
    await writer.call('player.update', { id, level });
    delays.push(await lastStale(reader, { id, level }));
  }
  const sorted = delays.toSorted((a, b) => a - b);
  const quantile = (part: number): string => `${(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0).toFixed(2)} ms`;
  return `median ${quantile(0.5)}, P99 ${quantile(0.99)}, longest ${quantile(1)}; ${delays.filter((delay) => delay > 0).length} of ${writes} writes were not seen by the second question`;
}

const writes = Number(process.argv[2] ?? 500);
await using service = new ServiceProcess({ MIDGARD_WORKERS: '2' });
const started = await service.start();
const id = await createPlayer(started, 'Mira');
const clients = await clientOfEach(started);
process.stdout.write(`at rest:    ${await measure(clients, id, writes)}\n`);
const load = new WorkerLoad(started, id);
const ending = new AbortController();
const running = load.run(ending.signal, { client: 32, keepAlive: 16, freshHttp: 2, freshTcp: 2 });
const begin = performance.now();
process.stdout.write(`under load: ${await measure(clients, id, writes)}\n`);
ending.abort();
const { answered, failures } = await running;
const perSecond = Object.values(answered).reduce((sum, count) => sum + count, 0) / ((performance.now() - begin) / 1000);
process.stdout.write(`load: ${Math.round(perSecond)} reads/s beside it, ${failures.length} failures\n`);
await service.end('SIGTERM');
process.exit();
