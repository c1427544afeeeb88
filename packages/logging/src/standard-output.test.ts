import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { LogTrouble } from './index.ts';
import { StandardOutput } from './standard-output.ts';
import { Fifo } from './test/fifo.ts';
import type { LogTimers } from './timers.ts';

/** Timers that are due when a test says so. */
class HandTimers implements LogTimers {
  readonly #due: (() => void)[] = [];

  after(_: number, callback: () => void): () => void {
    this.#due.push(callback);
    return () => undefined;
  }

  ring(): void {
    for (const callback of this.#due.splice(0)) callback();
  }
}

function open(fifo: Pick<Fifo, 'fileDescriptor'>, maxPending = 1_000_000) {
  const troubles: LogTrouble[] = [];
  const dropped: unknown[] = [];
  const timers = new HandTimers();
  const output = new StandardOutput({
    fileDescriptor: fifo.fileDescriptor,
    maxPending,
    timers,
    report: (trouble) => troubles.push(trouble),
    onDropped: (lines, reason) => dropped.push([lines, reason]),
  });
  return { output, timers, troubles, dropped };
}

const script = fileURLToPath(new URL('./test/talker.ts', import.meta.url));

function talker(act: string) {
  return spawn(process.execPath, ['--conditions=@midgard/source', script, act], { stdio: ['pipe', 'pipe', 'pipe'] });
}

const lines = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, at) => `${String(from + at).padStart(99)}\n`);

test('lines leave in order at the end of the turn, together', async () => {
  using fifo = new Fifo();
  const { output } = open(fifo);
  using _ = output;
  for (const line of lines(0, 3)) output.write(line);
  expect(fifo.read()).toBe('');
  await turn();
  expect(fifo.read()).toBe(lines(0, 3).join(''));
});

test('a reader that stands still holds nobody up: lines wait, those that are too many are dropped and told of, the others come whole and in order', async () => {
  using fifo = new Fifo();
  const { output, timers, troubles, dropped } = open(fifo, 200_000);
  using _ = output;
  // 64 KiB are in the pipe, 200,000 characters wait.
  for (const line of lines(0, 1000)) output.write(line);
  await turn();
  expect(troubles).toEqual([]);
  for (const line of lines(1000, 4000)) output.write(line);
  await turn();
  expect(troubles).toEqual([{ state: 'failing', reason: 'slow', error: undefined }]);
  let read = '';
  for (let chunk = fifo.read(); chunk !== ''; chunk = fifo.read()) {
    read += chunk;
    timers.ring();
  }
  const kept = Math.floor(read.length / 100);
  expect(read).toBe(lines(0, kept).join(''));
  expect(kept).toBeGreaterThan(2000);
  expect(dropped).toEqual(Array.from({ length: 4000 - kept }, () => [1, 'slow']));
  expect(troubles.at(-1)).toEqual({ state: 'recovered', reason: 'slow', dropped: 4000 - kept });
  output.write('and on\n');
  await turn();
  expect(fifo.read()).toBe('and on\n');
});

test('what cannot be written is told of once, with why', async () => {
  const fileDescriptor = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(fileDescriptor));
  const { output, timers, troubles } = open({ fileDescriptor });
  using _ = output;
  output.write('lost\n');
  await turn();
  timers.ring();
  expect(troubles).toEqual([{ state: 'failing', reason: 'disk', error: expect.objectContaining({ code: 'ENOSPC' }) }]);
});

test('what is written when it was closed is written at once', () => {
  using fifo = new Fifo();
  const { output } = open(fifo);
  output.write('before\n');
  output[Symbol.dispose]();
  output.write('after\n');
  expect(fifo.read()).toBe('before\nafter\n');
});

test.for([
  ['exit', 3],
  ['throw', 1],
] as const)('a process that ends by %s has said all that it logged, however slowly it is read', async ([end, code]) => {
  const child = talker(end);
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(child.exitCode).toBe(code);
  expect(
    said
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).n),
  ).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
});

test('a process lives on though nobody reads its output and its complaints any more', async () => {
  const child = talker('alone');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stderr.destroy();
  child.stdin.end();
  await once(child, 'exit');
  expect(child.exitCode).toBe(7);
});
