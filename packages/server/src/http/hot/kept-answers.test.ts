import { expect, test } from 'vitest';
import { KeptAnswers } from './kept-answers.ts';

/** What the store asks of an answer. */
const ofBytes = (bytes: number) => ({ bytes });

test('what fits is found, and the oldest goes where there is no more room', () => {
  const answers = new KeptAnswers<{ bytes: number }>(1000);
  for (let n = 0; n < 100; n += 1) answers.keep(`/${n}`, ofBytes(90));
  expect(answers.bytes).toBeLessThanOrEqual(1000);
  expect([answers.find('/99'), answers.find('/0')]).toEqual([ofBytes(90), undefined]);
  expect(answers.size).toBe(10);
});

test('one takes the place of the one before, with what it takes', () => {
  const answers = new KeptAnswers<{ bytes: number }>(1000);
  answers.keep('/1', ofBytes(50));
  answers.keep('/1', ofBytes(60));
  expect([answers.size, answers.bytes, answers.find('/1')]).toEqual([1, 64, ofBytes(60)]);
  answers.clear();
  expect([answers.size, answers.bytes, answers.find('/1')]).toEqual([0, 0, undefined]);
});

test('one that would take a tenth of the room is not kept, nor is the one that it was to replace', () => {
  const answers = new KeptAnswers<{ bytes: number }>(1000);
  answers.keep('/1', ofBytes(10));
  answers.keep('/1', ofBytes(101));
  expect([answers.size, answers.bytes]).toEqual([0, 0]);
});
