/**
 * The policies once more, as plainly as they can be said: arrays, searched from end to end. The model that the real ones are
 * held against.
 */
import { KeySketch } from '../policies/key-sketch.ts';

export interface NaivePolicy {
  add(key: number): void;
  hit(key: number): void;
  remove(key: number): void;
  /** 0: there is none. */
  evict(): number;
}

function without<T>(list: T[], key: T): boolean {
  const at = list.indexOf(key);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

function fifo(): NaivePolicy {
  const order: number[] = [];
  return { add: (key) => void order.push(key), hit: () => {}, remove: (key) => void without(order, key), evict: () => order.shift() ?? 0 };
}

function lru(): NaivePolicy {
  const order: number[] = [];
  const hit = (key: number): void => {
    without(order, key);
    order.push(key);
  };
  return { add: hit, hit, remove: (key) => void without(order, key), evict: () => order.shift() ?? 0 };
}

function lfu(): NaivePolicy {
  const all = new Map<number, { uses: number; at: number }>();
  let time = 0;
  const use = (key: number, uses: number): void => void all.set(key, { uses, at: (time += 1) });
  return {
    add: (key) => use(key, 1),
    hit: (key) => use(key, (all.get(key)?.uses ?? 0) + 1),
    remove: (key) => void all.delete(key),
    evict: () => {
      const [victim] = [...all].sort(([, a], [, b]) => a.uses - b.uses || a.at - b.at)[0] ?? [0];
      all.delete(victim);
      return victim;
    },
  };
}

export const naivePolicies = { lru, lfu, fifo } as const;

interface Item {
  readonly key: number;
  uses: number;
  isTouched: boolean;
}

/** W-TinyLFU as window-tiny-lfu.ts describes it. Keys are their own hashes; the sketch, which has tests of its own, is the real one. */
export function naiveWindowTinyLfu(windowShare: number, capacity: number): NaivePolicy & { readonly windowKeys: () => number[] } {
  // The newest is last in each.
  const window: Item[] = [];
  const probation: Item[] = [];
  const guarded: Item[] = [];
  const sketch = new KeySketch();
  sketch.reserve(capacity, () => []);
  let sinceAge = 0;
  const lists = [window, probation, guarded];
  const size = (): number => window.length + probation.length + guarded.length;
  const most = (): number => Math.max(1, Math.round(size() * windowShare));
  const find = (key: number): Item | undefined => lists.flat().find((item) => item.key === key);

  const age = (): void => {
    sinceAge >>= 1;
    for (const item of lists.flat()) item.uses >>= 1;
    sketch.age();
  };
  const relegate = (): void => {
    const item = guarded.shift();
    if (item === undefined) return;
    (item.isTouched ? guarded : probation).push(item);
    item.isTouched = false;
  };
  const victim = (): Item | undefined => {
    while (probation.length + guarded.length > 0) {
      const item = probation[0];
      if (item !== undefined && !item.isTouched) return item;
      if (item !== undefined) {
        item.isTouched = false;
        guarded.push(...probation.splice(0, 1));
        while (guarded.length > (size() - most()) * 0.8) relegate();
      } else relegate();
    }
    return undefined;
  };
  const leave = (item: Item): number => {
    for (const list of lists) without(list, item);
    sketch.remember(item.key, item.uses);
    return item.key;
  };
  return {
    windowKeys: () => window.map(({ key }) => key),
    add: (key) => {
      if (sinceAge >= 10 * size()) age();
      sinceAge += 1;
      window.push({ key, uses: Math.min(15, sketch.usesOf(key) + 1), isTouched: false });
      for (let i = 0; i < 8 && window.length > most(); i += 1) probation.push(...window.splice(0, 1));
    },
    hit: (key) => {
      const item = find(key);
      if (item === undefined) return;
      item.uses = Math.min(15, item.uses + 1);
      sinceAge += 1;
      if (without(window, item)) window.push(item);
      else item.isTouched = true;
    },
    remove: (key) => {
      const item = find(key);
      if (item !== undefined) leave(item);
    },
    evict: () => {
      const oldest = victim();
      const newcomer = window[0];
      if (oldest === undefined) return newcomer === undefined ? 0 : leave(newcomer);
      if (window.length < most() || newcomer === undefined) return leave(oldest);
      if (newcomer.uses <= oldest.uses + 1) return leave(newcomer);
      probation.push(...window.splice(0, 1));
      return leave(oldest);
    },
  };
}
