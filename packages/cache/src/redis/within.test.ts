import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { within } from './within.ts';

const late = () => new Error('late');

function stall(timeMs: number): void {
  const end = performance.now() + timeMs;
  while (performance.now() < end);
}

test('an answer that arrived while this process was busy is in time', async () => {
  for (let turn = 0; turn < 10; turn += 1) {
    const answer = within(stat('.'), 5, late);
    stall(50);
    expect((await answer).isDirectory()).toBe(true);
  }
});

test('no answer is late', async () => {
  await expect(within(new Promise(() => undefined), 1, late)).rejects.toThrow('late');
});

test('what fails in time fails so', async () => {
  await expect(within(Promise.reject(new Error('other')), 1000, late)).rejects.toThrow('other');
});
