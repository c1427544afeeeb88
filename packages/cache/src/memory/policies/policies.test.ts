import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyConformance, type ConformanceCase } from '../../testing/index.ts';
import { MemoryCache } from '../memory-cache.ts';
import { naivePolicies, type NaivePolicy } from '../test/naive-policies.ts';
import { policies, type PolicyName } from './index.ts';

const names: readonly PolicyName[] = ['adaptive', 'lru', 'lfu', 'fifo'];
const simple = ['lru', 'lfu', 'fifo'] as const;

test('every policy is named here', () => {
  expect(Object.keys(policies).sort()).toEqual([...names].sort());
  expect(Object.keys(naivePolicies).sort()).toEqual([...simple].sort());
});

describe.each(names)('%s', (name) => {
  test.each(policyConformance(policies[name]))('$name', ({ run }) => run());
});

describe.each(simple)('%s', (name) => {
  test('model: any run of gets, sets and deletes keeps and evicts what the naive one does', () => {
    const key = fc.integer({ min: 1, max: 25 });
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 300, size: 'max' }), (maxEntries, steps) => {
        const evicted: number[] = [];
        const cache = new MemoryCache<number, number>({ maxEntries, policy: name, onEvict: (key) => evicted.push(key) });
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
  readonly values = new Map<number, number>();
  readonly evicted: number[] = [];
  readonly #policy: NaivePolicy;
  readonly #maxEntries: number;

  constructor(policy: NaivePolicy, maxEntries: number) {
    this.#policy = policy;
    this.#maxEntries = maxEntries;
  }

  get(key: number): number | undefined {
    if (this.values.has(key)) this.#policy.hit(key);
    return this.values.get(key);
  }

  set(key: number, value: number): boolean {
    if (this.values.has(key)) {
      this.#policy.hit(key);
    } else {
      if (this.values.size === this.#maxEntries) this.#evict();
      this.#policy.add(key);
    }
    this.values.set(key, value);
    return true;
  }

  delete(key: number): boolean {
    if (this.values.has(key)) this.#policy.remove(key);
    return this.values.delete(key);
  }

  #evict(): void {
    const victim = this.#policy.evict();
    this.values.delete(victim);
    this.evicted.push(victim);
  }
}

test('a policy of one’s own works in the cache', () => {
  const cache = new MemoryCache<number>({ maxEntries: 2, policy: policies.fifo });
  for (const key of ['a', 'b', 'c']) cache.set(key, 1);
  expect([...cache.keys()].sort()).toEqual(['b', 'c']);
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

test('the conformance suite finds a policy that forgets, one that evicts what was removed, and one that denies what it settled', () => {
  const nothing = { reserve() {}, add() {}, hit() {}, remove() {}, evict: () => 0, hottest: () => [], clear() {} };
  const stubborn = () => {
    let held: number[] = [];
    return { ...nothing, add: (slot: number) => void held.push(slot), evict: () => held.pop() ?? 0, hottest: () => held, clear: () => void (held = []) };
  };
  expect(outcomes(policyConformance(() => nothing))).toContain(false);
  expect(outcomes(policyConformance(stubborn))).toContain(false);
  const denying = policyConformance((settle) => Object.assign(policies.adaptive(settle), { mayBeSettled: () => false }));
  expect(outcomes(denying).filter((isGood) => !isGood)).toHaveLength(1);
});
