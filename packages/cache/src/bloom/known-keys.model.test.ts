/**
 * Any order of events. The model is a database table and what has been said of it: a row whose insert was told, or that was there
 * before the last `fill`, is never refused.
 */
import { FakeTime, settled } from '@midgard/pool/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownKeys } from './known-keys.ts';

const pageSize = 3;

/** A table that is read by keyset, a key an id below 64. */
class World {
  readonly time = new FakeTime();
  readonly rows = new Set<number>();
  /** Rows that must not be refused. */
  readonly owed = new Set<number>();
  readonly known: KnownKeys<number>;
  fills = 0;
  refusals = 0;
  isUp = true;
  /** Whether words of other instances are heard. */
  isJoined = false;
  #held: (() => void)[] = [];

  constructor(maxKeys: number) {
    this.known = new KnownKeys<number>({
      expectedKeys: 4,
      maxKeys,
      source: () => this.#read(),
      refillEveryMs: 50,
      retry: { firstMs: 10, maxMs: 40 },
      pageTimeoutMs: 100,
      maxKeysPerSecond: 1000,
      clock: this.time,
      timers: this.time,
      listener: { filled: () => (this.fills += 1) },
    });
  }

  async *#read(): AsyncGenerator<readonly number[]> {
    let cursor = -1;
    for (;;) {
      // A page waits for the step that lets it go, so that anything may happen between two.
      await new Promise<void>((go) => this.#held.push(go));
      if (!this.isUp) throw new Error('no database');
      const after = cursor;
      const page = [...this.rows]
        .filter((id) => id > after)
        .sort((a, b) => a - b)
        .slice(0, pageSize);
      if (page.length === 0) return;
      cursor = page.at(-1) ?? cursor;
      yield page;
    }
  }

  nextPage(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  insertHere(id: number): void {
    this.rows.add(id);
    this.known.add(id);
    this.owed.add(id);
  }

  insertElsewhere(id: number): void {
    this.rows.add(id);
    // Its word arrives, or the bus is known to be lost and everything passes until a fill that sees the row.
    if (this.isJoined) this.known.add(id);
    this.owed.add(id);
  }

  remove(id: number): void {
    this.rows.delete(id);
    this.owed.delete(id);
  }

  lost(): void {
    this.isJoined = false;
    this.known.distrust();
  }

  joined(): void {
    this.isJoined = true;
    this.known.fill();
  }

  check(): void {
    for (const id of this.owed) expect(this.known.mightExist(id), `row ${id} exists`).toBe(true);
    for (let id = 0; id < 64; id += 1) if (!this.known.mightExist(id)) this.refusals += 1;
  }
}

const id = fc.integer({ min: 0, max: 63 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('insertHere' as const), id }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('insertElsewhere' as const), id }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), id }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('nextPage' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lost', 'joined', 'stop', 'fails', 'works') }) },
);

test('no key that exists is ever refused, whatever is added, deleted, lost and failing meanwhile', async () => {
  let fills = 0;
  let refusals = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 4, max: 64 }), async (steps, maxKeys) => {
      const world = new World(maxKeys);
      world.joined();
      for (const each of steps) {
        if (each.kind === 'pass') await world.time.advance(each.ms);
        else if (each.kind === 'stop') world.known.stop();
        else if (each.kind === 'fails' || each.kind === 'works') world.isUp = each.kind === 'works';
        else if ('id' in each) world[each.kind](each.id);
        else world[each.kind]();
        await settled();
        world.check();
      }
      world.known.stop();
      fills += world.fills;
      refusals += world.refusals;
    }),
    { numRuns: 300 },
  );
  // Else it would hold of a filter that never fills.
  expect(fills).toBeGreaterThan(100);
  expect(refusals).toBeGreaterThan(10_000);
});
