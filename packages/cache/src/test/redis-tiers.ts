import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { RedisTier, type RedisTierOptions } from '../redis/index.ts';
import { tierConformance, type TierConformanceCase } from '../testing/index.ts';

/** Long enough for a machine that is busy: what is asserted is what is answered, not how fast. */
export const patientMs: number = 15_000;

/** A tier for the test that runs, with keys of its own unless told. */
export async function tierOfTest(options: RedisTierOptions): Promise<RedisTier> {
  const tier = await RedisTier.open({ prefix: `test:${randomUUID()}`, timeoutMs: patientMs, connectWithinMs: patientMs, ...options });
  onTestFinished(() => tier.close());
  return tier;
}

/** The conformance suite on a Redis, with two connections. */
export function redisConformance(options: RedisTierOptions): readonly TierConformanceCase[] {
  return tierConformance(async () => {
    const own: RedisTierOptions = { timeoutMs: patientMs, connectWithinMs: patientMs, prefix: `test:${randomUUID()}`, ...options };
    const [tier, other] = await Promise.all([RedisTier.open(own), RedisTier.open(own)]);
    const dispose = async (): Promise<void> => void (await Promise.all([tier.close(), other.close()]));
    return { tier, other, pass: (timeMs) => sleep(timeMs), dispose };
  });
}
