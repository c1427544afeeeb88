import { expect, test } from 'vitest';
import { SecondBudget } from './second-budget.ts';

test('gives so many in each second, however many ask', () => {
  let now = 4200;
  const budget = new SecondBudget(2, () => now);
  const taken = (): readonly boolean[] => [1, 2, 3].map(() => budget.take());
  expect(taken()).toEqual([true, true, false]);
  now = 4999;
  expect(budget.take()).toBe(false);
  now = 5000;
  expect(taken()).toEqual([true, true, false]);
  expect(new SecondBudget(0).take()).toBe(false);
});
