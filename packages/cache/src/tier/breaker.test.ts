import { describe, expect, test } from 'vitest';
import { CacheError } from '../errors.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { tierConformance } from '../testing/index.ts';
import { withBreaker, type BreakerOptions, type BreakerState } from './breaker.ts';
import { MemoryTier } from './memory-tier.ts';
import type { TierRecord } from './tier.ts';

type Answer = readonly (TierRecord | undefined)[];

/** A tier whose reads are answered by hand, in any order. */
class HandTier extends MemoryTier {
  readonly reads: PromiseWithResolvers<Answer>[] = [];

  override read(): Promise<Answer> {
    const answer = Promise.withResolvers<Answer>();
    this.reads.push(answer);
    return answer.promise;
  }
}

const failure = new CacheError('ERR_CACHE_TIER', 'away');

function setUp(options: BreakerOptions = {}) {
  const clock = new FakeClock();
  const inner = new HandTier({ clock });
  const heard: BreakerState[] = [];
  const tier = withBreaker(inner, { failures: 3, probeMs: 1000, clock, onChange: (state) => void heard.push(state), ...options });
  const fail = async (error: Error = failure): Promise<void> => {
    const reading = tier.read(['k']);
    inner.reads.at(-1)?.reject(error);
    await expect(reading).rejects.toBe(error);
  };
  const succeed = async (): Promise<void> => {
    const reading = tier.read(['k']);
    inner.reads.at(-1)?.resolve([undefined]);
    await reading;
  };
  const isRefused = async (): Promise<void> => {
    const asked = inner.reads.length;
    await expect(tier.read(['k'])).rejects.toMatchObject({ code: 'ERR_CACHE_TIER_SPARED', cause: failure });
    expect(inner.reads.length).toBe(asked);
  };
  return { clock, inner, tier, heard, fail, succeed, isRefused };
}

describe('conformance', () => {
  const cases = tierConformance(() => {
    const clock = new FakeClock();
    const tier = withBreaker(new MemoryTier({ clock }), { clock });
    const pass = (timeMs: number): Promise<void> => Promise.resolve(void (clock.ms += timeMs));
    return Promise.resolve({ tier, other: tier, pass, dispose: () => tier.close() });
  });
  test.each(cases)('$name', ({ run }) => run());
});

test('so many failures in a row open it, and then nobody waits for the tier', async () => {
  const { fail, succeed, isRefused, heard, tier } = setUp();
  await fail();
  await fail();
  await succeed();
  await fail();
  await fail();
  expect(tier.state).toBe('closed');
  await fail();
  expect(tier.state).toBe('open');
  await isRefused();
  for (const call of [() => tier.lease([], 1), () => tier.store([]), () => tier.put([]), () => tier.invalidate([]), () => tier.versions([])]) {
    await expect(call()).rejects.toMatchObject({ code: 'ERR_CACHE_TIER_SPARED' });
  }
  expect(heard).toEqual(['open']);
});

test('after a while one call sees whether the tier is well, and the others do not wait for it', async () => {
  const { clock, fail, succeed, isRefused, inner, tier, heard } = setUp();
  for (let i = 0; i < 3; i += 1) await fail();
  clock.ms += 999;
  await isRefused();
  clock.ms += 1;
  const probe = tier.read(['k']);
  expect(inner.reads.length).toBe(4);
  await isRefused();
  inner.reads.at(-1)?.resolve([undefined]);
  await probe;
  expect(heard).toEqual(['open', 'probing', 'closed']);
  await succeed();
  await fail();
  expect(tier.state).toBe('closed');
});

test('a probe that fails opens it again for as long', async () => {
  const { clock, fail, isRefused, heard } = setUp();
  for (let i = 0; i < 3; i += 1) await fail();
  clock.ms += 1000;
  await fail();
  clock.ms += 999;
  await isRefused();
  clock.ms += 1;
  await fail();
  expect(heard).toEqual(['open', 'probing', 'open', 'probing', 'open']);
});

test('a held one asks for nothing, whatever is answered late, until the hold ends; then one call sees', async () => {
  const { clock, inner, tier, heard, succeed } = setUp();
  const early = tier.read(['k']);
  tier.hold();
  tier.hold();
  inner.reads[0]?.resolve([undefined]);
  await early;
  clock.ms += 60_000;
  await expect(tier.read(['k'])).rejects.toMatchObject({ code: 'ERR_CACHE_TIER_SPARED' });
  expect(heard).toEqual(['open']);
  tier.endHold();
  await succeed();
  expect(heard).toEqual(['open', 'probing', 'closed']);
  tier.endHold();
  expect(tier.state).toBe('closed');
});

test('a probe that is under way when it is held does not close it', async () => {
  const { clock, fail, inner, tier, heard } = setUp();
  for (let i = 0; i < 3; i += 1) await fail();
  clock.ms += 1000;
  const probe = tier.read(['k']);
  tier.hold();
  inner.reads.at(-1)?.resolve([undefined]);
  await probe;
  expect(tier.state).toBe('open');
  expect(heard).toEqual(['open', 'probing', 'open']);
});

test('what was called before it opened changes nothing when it is answered late', async () => {
  const { fail, inner, tier, heard } = setUp();
  const [early, late] = [tier.read(['k']), tier.read(['k'])];
  for (let i = 0; i < 3; i += 1) await fail();
  inner.reads[0]?.resolve([undefined]);
  inner.reads[1]?.reject(failure);
  await early;
  await expect(late).rejects.toBe(failure);
  expect(tier.state).toBe('open');
  expect(heard).toEqual(['open']);
});

test('an error of the caller is no failure of the tier', async () => {
  const { fail, tier } = setUp();
  const wrong = new CacheError('ERR_CACHE_OPTIONS', 'wrong');
  for (let i = 0; i < 9; i += 1) await fail(i % 3 === 2 ? wrong : failure);
  expect(tier.state).toBe('closed');
});

test.each<BreakerOptions>([{ failures: 0 }, { probeMs: -1 }, { probeMs: Number.NaN }])('%o is refused', (options) => {
  expect(() => withBreaker(new MemoryTier(), options)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' }));
});
