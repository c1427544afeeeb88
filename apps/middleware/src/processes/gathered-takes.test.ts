import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GatheredTakes, type Take } from './gathered-takes.ts';

function gathered(answer: (takes: readonly Take[]) => readonly number[]) {
  const asked: (readonly Take[])[] = [];
  const takes = new GatheredTakes(async (these) => {
    asked.push(these);
    return answer(these);
  });
  return { asked, takes };
}

test('what is taken at once is asked at once, and each has its own answer', async () => {
  const { asked, takes } = gathered((these) => these.map(([, count]) => count * 10));
  expect(await Promise.all([takes.take('a', 1), takes.take('b', 2), takes.take('a', 3)])).toEqual([10, 20, 30]);
  expect(await takes.take('c', 4)).toBe(40);
  expect(asked).toEqual([
    [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ],
    [['c', 4]],
  ]);
});

test('one question is under way at a time, and what comes meanwhile goes together in the next', async () => {
  const answers = [Promise.withResolvers<readonly number[]>(), Promise.withResolvers<readonly number[]>()];
  const asked: (readonly Take[])[] = [];
  const takes = new GatheredTakes(async (these) => (await answers[asked.push(these) - 1]?.promise) ?? []);
  const first = takes.take('a', 1);
  await expect.poll(() => asked).toHaveLength(1);
  const others = [takes.take('b', 1)];
  await nextTurn();
  others.push(takes.take('c', 2));
  await nextTurn();
  expect(asked).toEqual([[['a', 1]]]);
  answers[0]?.resolve([1]);
  expect(await first).toBe(1);
  answers[1]?.resolve([2, 3]);
  expect(await Promise.all(others)).toEqual([2, 3]);
  expect(asked.slice(1)).toEqual([
    [
      ['b', 1],
      ['c', 2],
    ],
  ]);
});

test('all of a question fail together, and the next does not', async () => {
  let isAway = true;
  const { takes } = gathered((these) => {
    if (isAway) throw new Error('away');
    return these.map(() => 0);
  });
  const failed = await Promise.allSettled([takes.take('a', 1), takes.take('b', 1)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  expect(await takes.take('a', 1)).toBe(0);
});

test('one without an answer fails rather than being let in', async () => {
  const { takes } = gathered(() => [0]);
  const [first, second] = await Promise.allSettled([takes.take('a', 1), takes.take('b', 1)]);
  expect(first).toEqual({ status: 'fulfilled', value: 0 });
  expect(second.status).toBe('rejected');
});
