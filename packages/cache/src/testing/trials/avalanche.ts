import { FakeTime } from '@midgard/pool/testing';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { TieredCache } from '../../tiered/tiered-cache.ts';

/** Entries that are loaded at the same moment. */
export interface AvalanchePlan {
  readonly rounds: number;
  readonly entries: number;
}

const ttlMs = 600_000;
const ttlJitter = 0.1;
const stepMs = 1000;
/** Spread over a tenth of their life, a sixtieth of them ends in each second. */
const fairShare = stepMs / (ttlMs * ttlJitter);
/** By chance it is more; so many standard deviations are no chance any more. */
const deviations = 6;

/** Entries that were loaded together end apart, so that the source is not asked for all of them at once. */
export async function entriesEndApart({ rounds, entries }: AvalanchePlan, log: Log = quiet): Promise<Report> {
  const findings = new Findings();
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    const time = new FakeTime();
    const cache = new TieredCache<number>({
      space: 's',
      memory: { maxEntries: entries },
      policy: { ttlMs, memoryTtlMs: ttlMs, ttlJitter },
      clock: time,
      timers: time,
    });
    const keys = Array.from({ length: entries }, (_, i) => `k${i}`);
    await cache.getOrLoadMany(keys, async (missing) => missing.map(() => 1));
    const ended: number[] = [];
    let alive = entries;
    for (let passedMs = 0; passedMs < ttlMs; passedMs += stepMs) {
      await time.advance(stepMs);
      const left = [...cache.entries()].length;
      ended.push(alive - left);
      alive = left;
    }
    findings.exactly('left after their time', alive, 0);
    most = Math.max(most, ...ended);
    log(`of ${entries} entries at most ${Math.max(...ended)} ended in one second`);
  }
  findings.note('entries', entries);
  const fair = entries * fairShare;
  findings.atMost('most that ended in one second', most, fair + deviations * Math.sqrt(fair));
  return findings;
}
