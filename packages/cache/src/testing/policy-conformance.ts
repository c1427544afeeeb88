import { strict as assert } from 'node:assert';
import type { NodeList } from '../policies/node-list.ts';
import type { Policy, PolicyFactory, PolicyNode } from '../policies/policy.ts';

/** One thing that every policy promises. Runs under any test runner: `run` throws if the promise is broken. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => void;
}

class Node implements PolicyNode<Node> {
  readonly key: string;
  uses = 0;
  prev: Node | undefined = undefined;
  next: Node | undefined = undefined;
  list: NodeList<Node> | undefined = undefined;

  constructor(key: string) {
    this.key = key;
  }
}

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
  const cases: Record<string, (policy: Policy<Node>) => void> = {
    'an empty policy has nothing to evict': (policy) => {
      assert.equal(policy.evict(), undefined);
    },
    'each node that was added is evicted once': (policy) => {
      const nodes = addAll(policy, 100);
      assert.deepEqual(evictAll(policy), keysOf(nodes));
    },
    'hits lose and double no node': (policy) => {
      const nodes = addAll(policy, 50);
      for (const [i, node] of nodes.entries()) for (let hits = 0; hits < i % 7; hits += 1) policy.hit(node);
      assert.deepEqual(evictAll(policy), keysOf(nodes));
    },
    'a removed node is not evicted': (policy) => {
      const nodes = addAll(policy, 30);
      const removed = nodes.filter((_, i) => i % 3 === 0);
      for (const node of removed) policy.remove(node);
      assert.deepEqual(evictAll(policy), keysOf(nodes.filter((node) => !removed.includes(node))));
    },
    'a node that was evicted may be added again': (policy) => {
      addAll(policy, 10);
      const again = Array.from({ length: 5 }, () => policy.evict() ?? assert.fail('nothing evicted'));
      for (const node of again) policy.add(node);
      assert.equal(evictAll(policy).length, 10);
    },
    'a cleared policy holds nothing, and works on': (policy) => {
      addAll(policy, 10);
      policy.clear();
      assert.equal(policy.evict(), undefined);
      const nodes = addAll(policy, 3);
      assert.deepEqual(evictAll(policy), keysOf(nodes));
    },
    'any mix of calls keeps the books': mixCalls,
  };
  return Object.entries(cases).map(([name, check]) => ({ name, run: () => check(create<Node>()) }));
}

/** A fixed sequence from a small generator, so that a failure comes again. */
function mixCalls(policy: Policy<Node>): void {
  const held = new Map<string, Node>();
  let state = 1;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % bound;
  };
  const steps: readonly ((node: Node | undefined, key: string) => void)[] = [
    (node, key) => {
      if (node !== undefined) return;
      const added = new Node(key);
      held.set(key, added);
      policy.add(added);
    },
    (node) => {
      if (node !== undefined) policy.hit(node);
    },
    (node, key) => {
      if (node !== undefined && held.delete(key)) policy.remove(node);
    },
    () => {
      const victim = policy.evict();
      if (victim === undefined) assert.equal(held.size, 0);
      else assert.equal(held.delete(victim.key), true, `${victim.key} was not there to evict`);
    },
  ];
  for (let i = 0; i < 20_000; i += 1) {
    const key = `k${next(60)}`;
    steps[Math.min(next(7), 6) % 4]?.(held.get(key), key);
  }
  assert.deepEqual(evictAll(policy), [...held.keys()].sort());
}

function addAll(policy: Policy<Node>, count: number): Node[] {
  const nodes = Array.from({ length: count }, (_, i) => new Node(`n${i}`));
  for (const node of nodes) policy.add(node);
  return nodes;
}

function evictAll(policy: Policy<Node>): string[] {
  const keys: string[] = [];
  for (let node = policy.evict(); node !== undefined; node = policy.evict()) keys.push(node.key);
  return keys.sort();
}

function keysOf(nodes: readonly Node[]): string[] {
  return nodes.map(({ key }) => key).sort();
}
