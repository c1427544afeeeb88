/**
 * What log-ins cost those who do not log in: reads of cached players over TCP at a steady rate, while others log in, while others make as
 * many writes that are noted in the audit log as a log-in is but hash nothing, and while nobody else asks; by turns, against one service.
 *
 * `node --conditions=@midgard/source apps/middleware/src/testing/login-load.ts --rate 1000 --others 20 --rounds 5 --seconds 4`
 */
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { ServiceProcess } from './service-process.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    others: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const password = 'correct horse battery staple';

await using service = new ServiceProcess({ MIDGARD_LIMITS_LOGIN: JSON.stringify({ perSecond: 1e6, burst: 1e6 }) });
const { tcpPort, key } = await service.start();
await using client = await connect({ port: tcpPort, auth: { kind: 'apiKey', key }, requestTimeoutMs: 30_000 });
const game = client.game(realm);
const players: string[] = [];
for (let index = 0; index < 50; index += 1) players.push((await game.call('player.create', { name: `player-${index}`, password })).id);

/** Makes calls at their times, whether or not earlier ones were answered. @returns milliseconds that each took, from when it was due, ascending */
async function paced(perSecond: number, call: (index: number) => Promise<unknown>): Promise<readonly number[]> {
  const took: number[] = [];
  const underWay: Promise<void>[] = [];
  const startAt = performance.now();
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const dueAt = startAt + (index * 1000) / perSecond;
    const early = dueAt - performance.now();
    if (early > 0) await sleep(early);
    underWay.push(call(index).then(() => void took.push(performance.now() - dueAt)));
  }
  await Promise.all(underWay);
  return took.toSorted((one, other) => one - other);
}

const others = {
  nobody: undefined,
  credits: (index: number) =>
    game.call('wallet.credit', { playerId: players[index % 50]!, currency: 'gold', amount: '1', reason: 'bench', idempotencyKey: randomUUID() }),
  'log-ins': (index: number) => game.call('auth.login', { name: `player-${index % 50}`, password }),
} as const;

/** @returns milliseconds of the reads */
async function readsBeside(other: keyof typeof others): Promise<readonly number[]> {
  const load = others[other];
  const reads = paced(Number(values.rate), (index) => game.call('player.get', { id: players[index % 50]! }));
  await Promise.all([reads, load && paced(Number(values.others), load)]);
  return reads;
}

const share = (sorted: readonly number[], part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
const median = (all: readonly number[]): number =>
  share(
    all.toSorted((one, other) => one - other),
    0.5,
  );
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await readsBeside('log-ins');
say(`${values.rate} reads/s, beside ${values.others} others a second; ${rounds} rounds of ${seconds} s each way`);
const worst = { nobody: [] as number[], credits: [] as number[], 'log-ins': [] as number[] };
for (let round = 1; round <= rounds; round += 1) {
  const told: string[] = [];
  for (const other of ['nobody', 'credits', 'log-ins'] as const) {
    const took = await readsBeside(other);
    worst[other].push(share(took, 0.99));
    told.push(`${other} P50 ${share(took, 0.5).toFixed(2)} P99 ${share(took, 0.99).toFixed(2)} ms`);
  }
  say(`${round}: beside ${told.join(', ')}`);
}
const ratio = (one: keyof typeof worst, other: keyof typeof worst): string => median(worst[one].map((ms, at) => ms / worst[other][at]!)).toFixed(2);
say(`P99, medians of ${rounds}: log-ins / credits ${ratio('log-ins', 'credits')}, log-ins / nobody ${ratio('log-ins', 'nobody')}`);
