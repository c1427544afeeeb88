import { expect, test } from 'vitest';
import { FakeTime, settled } from '@midgard/pool/testing';
import { WriteGate } from './write-gate.ts';

const code = (name: string) => expect.objectContaining({ code: name });

test('those who wait go on in their order when it opens', async () => {
  const time = new FakeTime();
  const gate = new WriteGate(time, 10);
  gate.shut();
  const passed: number[] = [];
  const clients = [1, 2, 3].map((number) => gate.pass(1000, undefined).then(() => passed.push(number)));
  await settled();
  expect(passed).toEqual([]);
  gate.open();
  await Promise.all(clients);
  expect(passed).toEqual([1, 2, 3]);
  expect(gate.isShut).toBe(false);
  expect(time.pending).toEqual([]);
});

test('a wait at it ends with its time, with its signal and where too many wait', async () => {
  const time = new FakeTime();
  const gate = new WriteGate(time, 2);
  gate.shut();
  const controller = new AbortController();
  const late = expect(gate.pass(100, undefined)).rejects.toThrow(code('ERR_DAO_UNAVAILABLE'));
  const aborted = expect(gate.pass(1000, controller.signal)).rejects.toThrow(code('ERR_DAO_TIMEOUT'));
  await expect(gate.pass(1000, undefined)).rejects.toThrow(code('ERR_DAO_OVERLOADED'));
  controller.abort();
  await aborted;
  await time.advance(100);
  await late;
  // Their places are free again.
  const more = [gate.pass(1000, undefined), gate.pass(1000, undefined)];
  await expect(gate.pass(1000, AbortSignal.abort())).rejects.toThrow(code('ERR_DAO_OVERLOADED'));
  gate.open();
  await Promise.all(more);
  expect(time.pending).toEqual([]);
});

test('a signal that was aborted before it came to the gate ends the wait at once', async () => {
  const time = new FakeTime();
  const gate = new WriteGate(time, 2);
  gate.shut();
  await expect(gate.pass(1000, AbortSignal.abort())).rejects.toThrow(code('ERR_DAO_TIMEOUT'));
  expect(time.pending).toEqual([]);
});
