import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../memory-cache.ts';
import { naivePolicies, type NaivePolicy } from '../test/naive-policies.ts';
import { policyConformance, type ConformanceCase } from '../testing/index.ts';
import { policies, type PolicyName } from './index.ts';

const names: readonly PolicyName[] = ['lru', 'lfu', 'fifo', 's3-fifo'];

test('the table and the models name the same policies', () => {
  expect(Object.keys(policies).sort()).toEqual([...names].sort());
  expect(Object.keys(naivePolicies).sort()).toEqual([...names].sort());
});

describe.each(names)('%s', (name) => {
  test.each(policyConformance(policies[name]))('$name', ({ run }) => run());

  test('model: any run of gets, sets and deletes keeps and evicts what the naive one does', () => {
    const key = fc.integer({ min: 0, max: 25 }).map((n) => `k${n}`);
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 300, size: 'max' }), (maxEntries, steps) => {
        const evicted: string[] = [];
        const cache = new MemoryCache<number>({ maxEntries, policy: name, onEvict: (key) => evicted.push(key) });
        const model = new NaiveCache(naivePolicies[name](), maxEntries);
        for (const [i, { kind, key }] of steps.entries()) {
          if (kind === 'get') expect(cache.get(key)).toBe(model.get(key));
          else if (kind === 'set') expect(cache.set(key, i)).toBe(model.set(key, i));
          else expect(cache.delete(key)).toBe(model.delete(key));
          expect(new Map(cache.entries())).toEqual(model.values);
        }
        expect(evicted).toEqual(model.evicted);
      }),
      { numRuns: 150 },
    );
  });
});

class NaiveCache {
  readonly values = new Map<string, number>();
  readonly evicted: string[] = [];
  readonly #policy: NaivePolicy;
  readonly #maxEntries: number;

  constructor(policy: NaivePolicy, maxEntries: number) {
    this.#policy = policy;
    this.#maxEntries = maxEntries;
  }

  get(key: string): number | undefined {
    if (this.values.has(key)) this.#policy.hit(key);
    return this.values.get(key);
  }

  set(key: string, value: number): boolean {
    if (this.values.has(key)) {
      this.#policy.hit(key);
    } else {
      if (this.values.size === this.#maxEntries) this.#evict();
      this.#policy.add(key);
    }
    this.values.set(key, value);
    return true;
  }

  delete(key: string): boolean {
    if (this.values.has(key)) this.#policy.remove(key);
    return this.values.delete(key);
  }

  #evict(): void {
    const victim = this.#policy.evict();
    this.values.delete(victim);
    this.evicted.push(victim);
  }
}

test('a scan of cold keys leaves the hot ones to s3-fifo, and washes out lru', () => {
  const hot = Array.from({ length: 50 }, (_, i) => `hot${i}`);
  const survivors = (policy: PolicyName): number => {
    const cache = new MemoryCache<number>({ maxEntries: 100, policy });
    for (const key of hot) cache.set(key, 1);
    for (let round = 0; round < 3; round += 1) for (const key of hot) cache.get(key);
    for (let i = 0; i < 1000; i += 1) cache.set(`cold${i}`, 1);
    return hot.filter((key) => cache.has(key)).length;
  };
  expect([survivors('s3-fifo'), survivors('lru')]).toEqual([50, 0]);
});

test('a policy of one’s own works in the cache and under the conformance suite', () => {
  const cache = new MemoryCache<number>({ maxEntries: 2, policy: policies.fifo });
  for (const key of ['a', 'b', 'c']) cache.set(key, 1);
  expect([...cache.entries()].map(([key]) => key)).toEqual(['b', 'c']);
});

function outcomes(cases: readonly ConformanceCase[]): boolean[] {
  return cases.map(({ run }) => {
    try {
      run();
      return true;
    } catch {
      return false;
    }
  });
}

test('the conformance suite finds a policy that forgets, and one that evicts what was removed', () => {
  const forgetful = policyConformance(() => ({ add() {}, hit() {}, remove() {}, evict: () => undefined, clear() {} }));
  const stubborn = policyConformance(<N>() => {
    let held: N[] = [];
    return { add: (node: N) => void held.push(node), hit() {}, remove() {}, evict: () => held.pop(), clear: () => void (held = []) };
  });
  expect(outcomes(forgetful)).toContain(false);
  expect(outcomes(stubborn)).toContain(false);
});
