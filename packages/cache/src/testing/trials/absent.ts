import { randomInt } from 'node:crypto';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { KnownKeys } from '../../bloom/known-keys.ts';
import { TieredCache } from '../../tiered/tiered-cache.ts';

/** Keys that exist, and how many that do not are asked for. */
export interface AbsentPlan {
  readonly rounds: number;
  readonly keys: number;
  readonly askedEach: number;
}

const pageKeys = 1000;
const falsePositiveRate = 0.005;

/** Random keys that do not exist are asked for, as an attacker does: nearly none of them reaches the source. */
export async function absentKeys({ rounds, keys, askedEach }: AbsentPlan, log: Log = quiet): Promise<Report> {
  const findings = new Findings();
  const { promise: filled, resolve } = Promise.withResolvers<void>();
  using known = new KnownKeys<string>({
    expectedKeys: keys,
    falsePositiveRate,
    maxKeysPerSecond: Number.MAX_SAFE_INTEGER,
    source: async function* () {
      for (let at = 0; at < keys; at += pageKeys) yield Array.from({ length: Math.min(pageKeys, keys - at) }, (_, i) => `player:${at + i}`);
    },
    listener: { filled: () => resolve() },
  });
  known.fill();
  await filled;
  const cache = new TieredCache<string | undefined>({ space: 'player', memory: { maxEntries: 10_000 }, knownKeys: known });
  let loads = 0;
  const load = async (): Promise<undefined> => void (loads += 1);
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < askedEach; i += 1) await cache.getOrLoad(`player:${keys + randomInt(2 ** 47)}`, load);
    log(`${(round + 1) * askedEach} asked for, ${loads} reached the source`);
  }
  findings.note('keys that exist', keys);
  findings.note('asked for that do not', rounds * askedEach);
  findings.atMost('of them reached the source', loads, (rounds * askedEach) / 100);
  return findings;
}
