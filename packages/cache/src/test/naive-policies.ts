/**
 * The policies once more, as plainly as they can be said: arrays, searched from end to end. The model that the real ones are
 * held against.
 */
export interface NaivePolicy {
  add(key: string): void;
  hit(key: string): void;
  remove(key: string): void;
  evict(): string;
}

function without(list: string[], key: string): boolean {
  const at = list.indexOf(key);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

function fifo(): NaivePolicy {
  const order: string[] = [];
  return { add: (key) => void order.push(key), hit: () => {}, remove: (key) => void without(order, key), evict: () => order.shift() ?? '' };
}

function lru(): NaivePolicy {
  const order: string[] = [];
  const hit = (key: string): void => {
    without(order, key);
    order.push(key);
  };
  return { add: hit, hit, remove: (key) => void without(order, key), evict: () => order.shift() ?? '' };
}

function lfu(): NaivePolicy {
  const all = new Map<string, { uses: number; at: number }>();
  let time = 0;
  const use = (key: string, uses: number): void => void all.set(key, { uses, at: (time += 1) });
  return {
    add: (key) => use(key, 1),
    hit: (key) => use(key, (all.get(key)?.uses ?? 0) + 1),
    remove: (key) => void all.delete(key),
    evict: () => {
      const [victim] = [...all].sort(([, a], [, b]) => a.uses - b.uses || a.at - b.at)[0] ?? [''];
      all.delete(victim);
      return victim;
    },
  };
}

/** Algorithm 1 of the paper, line by line, with the bounds that s3-fifo.ts states. */
function s3fifo(): NaivePolicy {
  const small: string[] = [];
  const main: string[] = [];
  const ghosts: string[] = [];
  const uses = new Map<string, number>();
  const usesOf = (key: string): number => uses.get(key) ?? 0;
  const evict = (): string => {
    const total = small.length + main.length;
    if (small.length > 0 && small.length >= total / 10) {
      const key = small.shift() ?? '';
      if (usesOf(key) > 1) {
        uses.set(key, 0);
        main.push(key);
        return evict();
      }
      without(ghosts, key);
      ghosts.push(key);
      while (ghosts.length > total) ghosts.shift();
      return key;
    }
    const key = main.shift() ?? '';
    if (usesOf(key) === 0) return key;
    uses.set(key, usesOf(key) - 1);
    main.push(key);
    return evict();
  };
  return {
    add: (key) => {
      uses.set(key, 0);
      (without(ghosts, key) ? main : small).push(key);
    },
    hit: (key) => void uses.set(key, Math.min(3, usesOf(key) + 1)),
    remove: (key) => void (without(small, key) || without(main, key)),
    evict,
  };
}

export const naivePolicies = { lru, lfu, fifo, 's3-fifo': s3fifo } as const;
