import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { within } from './within.ts';

const late = () => new Error('late');

/** Answers each question, and raises the flag once the answer is on its way: so the asker can be busy until then, and knows it. */
const answering = `
  const { parentPort, workerData: flag } = require('node:worker_threads');
  parentPort.on('message', () => {
    parentPort.postMessage('answer');
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  });
`;

function stall(timeMs: number): void {
  const end = performance.now() + timeMs;
  while (performance.now() < end);
}

test('an answer that arrived while this process was busy is in time', async () => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(answering, { eval: true, workerData: flag });
  try {
    await once(worker, 'online');
    for (let turn = 0; turn < 10; turn += 1) {
      // From here on the loop comes to its timers before it comes to messages.
      await nextTurn();
      Atomics.store(flag, 0, 0);
      // eslint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port, no window
      worker.postMessage('ask');
      const answer = within(once(worker, 'message'), 5, late);
      Atomics.wait(flag, 0, 0);
      stall(10);
      expect(await answer).toEqual(['answer']);
    }
  } finally {
    await worker.terminate();
  }
});

test('no answer is late', async () => {
  await expect(within(new Promise(() => undefined), 1, late)).rejects.toThrow('late');
});

test('what fails in time fails so', async () => {
  await expect(within(Promise.reject(new Error('other')), 1000, late)).rejects.toThrow('other');
});
