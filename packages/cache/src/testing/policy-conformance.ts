import { strict as assert } from 'node:assert';
import { firstSlot, type Policy, type PolicyFactory } from '../memory/policies/policy.ts';

/** One thing that every policy promises. Runs under any test runner: `run` throws if the promise is broken. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => void;
}

const capacity = firstSlot + 128;

/**
 * The promises of {@link Policy}, for built-in policies and for anyone's own.
 *
 * @param create makes the policy that is checked
 * @returns cases to be run one by one
 *
 * @example
 * ```ts
 * // not compiled: vitest is not a dependency of the reader's package
 * test.each(policyConformance(createMine))('$name', ({ run }) => run());
 * ```
 */
export function policyConformance(create: PolicyFactory): readonly ConformanceCase[] {
  const cases: Record<string, (policy: Policy) => void> = {
    'an empty policy has nothing to evict': (policy) => {
      assert.equal(policy.evict(), 0);
      assert.deepEqual([...policy.hottest()], []);
    },
    'each slot that was added is evicted once': (policy) => {
      const slots = addAll(policy, 100);
      assert.deepEqual(evictAll(policy), slots);
    },
    'hits lose and double no slot': (policy) => {
      const slots = addAll(policy, 50);
      for (const [i, slot] of slots.entries()) for (let hits = 0; hits < i % 7; hits += 1) policy.hit(slot);
      assert.deepEqual(sorted(policy.hottest()), slots);
      assert.deepEqual(evictAll(policy), slots);
    },
    'a removed slot is not evicted': (policy) => {
      const slots = addAll(policy, 30);
      for (const slot of slots) if (slot % 3 === 0) policy.remove(slot);
      const left = slots.filter((slot) => slot % 3 !== 0);
      assert.deepEqual(sorted(policy.hottest()), left);
      assert.deepEqual(evictAll(policy), left);
    },
    'a slot that was evicted may be added again': (policy) => {
      const slots = addAll(policy, 10);
      const again = Array.from({ length: 5 }, () => policy.evict());
      for (const slot of again) policy.add(slot, hashOf(slot));
      assert.deepEqual(evictAll(policy), slots);
    },
    'room that is made later is as good as the first': (policy) => {
      const slots = addAll(policy, 100);
      policy.reserve(capacity * 8);
      const more = Array.from({ length: 100 }, (_, i) => capacity * 7 + i);
      for (const slot of more) policy.add(slot, hashOf(slot));
      assert.deepEqual(evictAll(policy), [...slots, ...more]);
    },
    'a cleared policy holds nothing, and works on': (policy) => {
      addAll(policy, 10);
      policy.clear();
      assert.equal(policy.evict(), 0);
      const slots = addAll(policy, 3);
      assert.deepEqual(evictAll(policy), slots);
    },
    'any mix of calls keeps the books': mixCalls,
  };
  const each = Object.entries(cases).map(([name, check]) => ({ name, run: () => check(reserved(create(() => {}))) }));
  return [...each, { name: 'a slot is settled at most once, and what is settled is never denied', run: () => settleOnce(create) }];
}

function reserved(policy: Policy): Policy {
  policy.reserve(capacity);
  return policy;
}

/** A fixed sequence from a small generator, so that a failure comes again. */
function mixCalls(policy: Policy): void {
  const held = new Set<number>();
  const next = generator();
  const steps: readonly ((slot: number) => void)[] = [
    (slot) => {
      if (held.has(slot)) return;
      held.add(slot);
      policy.add(slot, hashOf(slot));
    },
    (slot) => {
      if (held.has(slot)) policy.hit(slot);
    },
    (slot) => {
      if (held.delete(slot)) policy.remove(slot);
    },
    () => {
      const victim = policy.evict();
      if (victim === 0) assert.equal(held.size, 0);
      else assert.equal(held.delete(victim), true, `${victim} was not there to evict`);
    },
  ];
  for (let i = 0; i < 20_000; i += 1) steps[Math.min(next(7), 6) % 4]?.(firstSlot + next(60));
  assert.deepEqual(evictAll(policy), sorted(held));
}

function settleOnce(create: PolicyFactory): void {
  const waiting = new Set<number>();
  const settled = new Set<number>();
  const policy = reserved(
    create((slot) => {
      assert.equal(waiting.delete(slot), true, `${slot} was settled, and was not in the window`);
      settled.add(slot);
    }),
  );
  const next = generator();
  for (let i = 0; i < 5000; i += 1) {
    const slot = firstSlot + next(100);
    if (waiting.has(slot) || settled.has(slot)) policy.hit(slot);
    else {
      const victim = waiting.size + settled.size < 50 ? 0 : policy.evict();
      waiting.delete(victim);
      settled.delete(victim);
      waiting.add(slot);
      policy.add(slot, hashOf(slot));
    }
    for (const one of settled) assert.equal(policy.mayBeSettled?.(hashOf(one)) ?? true, true, `${one} is settled, and was denied`);
  }
}

function generator(): (bound: number) => number {
  let state = 1;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % bound;
  };
}

function hashOf(slot: number): number {
  return Math.imul(slot, 0x9e37_79b1);
}

function addAll(policy: Policy, count: number): number[] {
  const slots = Array.from({ length: count }, (_, i) => firstSlot + i);
  for (const slot of slots) policy.add(slot, hashOf(slot));
  return slots;
}

function evictAll(policy: Policy): number[] {
  const slots: number[] = [];
  for (let slot = policy.evict(); slot !== 0; slot = policy.evict()) slots.push(slot);
  return sorted(slots);
}

function sorted(slots: Iterable<number>): number[] {
  return [...slots].sort((a, b) => a - b);
}
