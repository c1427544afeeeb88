import fc from 'fast-check';
import { expect, test } from 'vitest';
import { freshKey } from '../test/answers.ts';
import { counter, note } from './test/deferring-game.ts';
import { DeferringWorld } from './test/deferring-world.ts';

const names = ['gold', 'kills', 'steps'];
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('add' as const), name: fc.constantFrom(...names), delta: fc.integer({ min: -5, max: 9 }), isCut: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('note' as const), isCut: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(20, 100, 5000) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'read' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fault' as const), mode: fc.constantFrom('before' as const, 'after' as const, undefined) }) },
);

/** What must be in the end: for counters a range, since a write that nobody answered may be there or not. */
class Books {
  readonly least = new Map(names.map((name) => [name, 0]));
  readonly most = new Map(names.map((name) => [name, 0]));
  readonly acknowledged = new Set<string>();
  readonly unanswered = new Set<string>();

  count(name: string, delta: number, isAnswered: boolean): void {
    const low = isAnswered ? delta : Math.min(0, delta);
    const high = isAnswered ? delta : Math.max(0, delta);
    this.least.set(name, (this.least.get(name) ?? 0) + low);
    this.most.set(name, (this.most.get(name) ?? 0) + high);
  }
}

/** A call whose process dies between the record on disk and the answer, if it is cut. */
async function call(world: DeferringWorld, name: string, input: object, isCut: boolean): Promise<boolean> {
  if (!isCut) {
    await world.call(name, { playerId: '7', ...input });
    return true;
  }
  const reached = Promise.withResolvers<void>();
  const { beforeAnswer } = world.log;
  world.log.beforeAnswer = () => {
    reached.resolve();
    return new Promise(() => undefined);
  };
  void world.call(name, { playerId: '7', ...input }).catch(() => undefined);
  await reached.promise;
  world.log.beforeAnswer = beforeAnswer;
  await world.start();
  return false;
}

test('however often the process dies and the database is away, each acknowledged write is made once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (plan) => {
      const world = await DeferringWorld.open({ maxBatch: 7 });
      try {
        const books = new Books();
        let made = 0;
        for (const action of plan) {
          if (action.kind === 'add')
            books.count(action.name, action.delta, await call(world, 'counter.add', { name: action.name, delta: action.delta }, action.isCut));
          else if (action.kind === 'note') {
            const text = `note ${(made += 1)}`;
            const isAnswered = await call(world, 'note.write', { text, ...freshKey() }, action.isCut);
            (isAnswered ? books.acknowledged : books.unanswered).add(text);
          } else if (action.kind === 'pass') await world.pass(action.ms);
          else if (action.kind === 'crash') await world.start();
          else if (action.kind === 'fault') world.fault = () => action.mode;
          else void world.call('counter.get', { playerId: '7' }).catch(() => undefined);
        }
        world.fault = () => undefined;
        await world.start();
        for (let turn = 0; world.runtime.writeBehindFigures()?.depth !== 0 && turn < 50; turn += 1) await world.pass(5000);
        const { counters, texts } = await world.database.read(async (session) => ({
          counters: await session.dao(counter).find(),
          texts: (await session.dao(note).find()).map(({ text }) => text),
        }));
        for (const name of names) {
          const value = Number(counters.find((row) => row.name === name)?.value ?? 0n);
          expect(value).toBeGreaterThanOrEqual(books.least.get(name)!);
          expect(value).toBeLessThanOrEqual(books.most.get(name)!);
        }
        expect(new Set(texts).size).toBe(texts.length);
        for (const text of books.acknowledged) expect(texts).toContain(text);
        for (const text of texts) expect(books.acknowledged.has(text) || books.unanswered.has(text)).toBe(true);
      } finally {
        world.fault = () => undefined;
        await world[Symbol.asyncDispose]();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
