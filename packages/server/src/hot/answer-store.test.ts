import type { HeldAnswer } from '@midgard/game-kit';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { AnswerStore } from './answer-store.ts';
import { Arena } from './arena.ts';

const capacity = 1024;
const target = 0x0002_0001;

let arena: Arena;
let store: AnswerStore;
/** Stamps by slot, as a cache has them. */
let stamps: number[];
let uses: [slot: number, answers: number][];
beforeEach(() => {
  arena = new Arena(capacity + 256);
  arena.bytes.fill(0xee, capacity);
  store = new AnswerStore(arena, { capacity, seed: 7 });
  stamps = [0, 0, 0, 0];
  uses = [];
});

const cache: HeldAnswer['cache'] = {
  holds: (slot, stamp) => stamps[slot] === stamp,
  noteUses: (slot, answers) => uses.push([slot, answers]),
};

function keep(input: string, body: string, { slot = 0, until = 1000, form = 0, flags = 0x10 } = {}): void {
  const held: HeldAnswer = { answer: null, cache, grip: { ticket: { slot, stamp: stamps[slot] ?? 0 }, until: Infinity } };
  store.keep({ target, form, input: Buffer.from(input) }, { flags, body: Buffer.from(body) }, held, until);
}

function record(input: string, { form = 0, now = 0, to = target } = {}): number {
  // Within a chunk of others, as requests come.
  const chunk = Buffer.from(`before${input}behind`);
  const [start, end] = [6, 6 + Buffer.byteLength(input)];
  const found = store.locate(store.hash(to, form, chunk, start, end));
  return found !== -1 && store.answers(found, to, form, chunk, start, end, now) ? found : -1;
}

function find(input: string, options?: Parameters<typeof record>[1]): string | undefined {
  const found = record(input, options);
  if (found === -1) return undefined;
  return arena.bytes.toString('utf8', store.bodyOf(found), store.bodyOf(found) + store.bodyBytesOf(found));
}

describe('an answer is found', () => {
  test('by the very bytes of its request, with its flags', () => {
    keep('{"id":"42"}', 'Mira');
    expect([find('{"id":"42"}'), store.flagsOf(record('{"id":"42"}'))]).toEqual(['Mira', 0x10]);
    expect([find('{"id":"43"}'), find('{"id":"4"}'), find('{"id": "42"}'), find('')]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('in its own form, for its own operation', () => {
    keep('a', 'packed', { form: 0 });
    keep('a', 'zipped', { form: 4 });
    expect([find('a'), find('a', { form: 4 }), find('a', { form: 1 }), find('a', { to: target + 1 })]).toEqual(['packed', 'zipped', undefined, undefined]);
  });

  test('until its time is over', () => {
    keep('a', 'short', { until: 100 });
    keep('b', 'long', { until: 5000 });
    expect([find('a', { now: 99 }), find('a', { now: 100 }), find('b', { now: 4999 }), find('b', { now: 5000 })]).toEqual([
      'short',
      undefined,
      'long',
      undefined,
    ]);
  });

  test('no longer once the cache has let go of it, and again when it is kept anew', () => {
    keep('a', 'old', { slot: 2 });
    stamps[2] = 1;
    expect(find('a')).toBeUndefined();
    keep('a', 'new', { slot: 2 });
    expect([find('a'), store.size]).toEqual(['new', 1]);
  });

  test('not after everything was forgotten', () => {
    keep('a', 'Mira');
    store.clear();
    expect([find('a'), store.size]).toEqual([undefined, 0]);
  });
});

test('uses are told to the cache that an answer comes from', () => {
  keep('a', 'Mira', { slot: 3 });
  store.noteUses(record('a'), 17);
  expect(uses).toEqual([[3, 17]]);
});

test.each([
  ['an input', 'i'.repeat(513), 'small'],
  ['a body', 'small', 'b'.repeat(12 * 1024 + 1)],
  ['a record', 'small', 'b'.repeat(capacity)],
])('%s that is too large is not kept, and crowds nothing out', (_name, input, body) => {
  keep('a', 'Mira');
  keep(input, body);
  expect([find(input), find('a')]).toEqual([undefined, 'Mira']);
});

test('property: what is found is what was kept last under that key, and the newest is always found, within the room', () => {
  const step = fc.record({
    key: fc.nat(30),
    bodyBytes: fc.nat(200),
    slot: fc.nat(3),
    falls: fc.option(fc.nat(3), { freq: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      store.clear();
      const model = new Map<string, { body: string; slot: number; stamp: number }>();
      for (const [at, { key, bodyBytes, slot, falls }] of steps.entries()) {
        if (falls !== null) stamps[falls] = (stamps[falls] ?? 0) + 1;
        const body = `${at}`.padEnd(bodyBytes, 'x');
        keep(`key ${key}`, body, { slot });
        model.set(`key ${key}`, { body, slot, stamp: stamps[slot] ?? 0 });
        expect(find(`key ${key}`)).toBe(body);
        for (const [input, kept] of model) {
          const found = find(input);
          if (found === undefined) continue;
          expect(found).toBe(kept.body);
          expect(stamps[kept.slot]).toBe(kept.stamp);
        }
        expect(arena.bytes.subarray(capacity).every((byte) => byte === 0xee)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
