import { expect, test } from 'vitest';
import { Arena } from '../hot/arena.ts';
import { bufferBytes, OutputBuffers } from './output-buffers.ts';

const start = 1024;

function two(): { readonly arena: Arena; readonly buffers: OutputBuffers } {
  const arena = new Arena(start + 2 * bufferBytes);
  return { arena, buffers: new OutputBuffers(arena, { start }) };
}

test('a buffer is a part of the arena, and the one that was free last is the next', () => {
  const { arena, buffers } = two();
  const first = buffers.acquire();
  const second = buffers.acquire();
  expect(first.base).not.toBe(second.base);
  second.bytes[0] = 7;
  expect(arena.bytes[second.base]).toBe(7);
  buffers.release(first);
  buffers.release(second);
  expect(buffers.acquire()).toBe(second);
});

test('where all are in use there is another, of memory of its own, that is not kept', () => {
  const { buffers } = two();
  buffers.acquire();
  buffers.acquire();
  const apart = buffers.acquire();
  expect([apart.base, apart.bytes.length]).toEqual([-1, bufferBytes]);
  buffers.release(apart);
  expect(buffers.idle).toBe(0);
});

test.each([
  ['took all of it at once', { writableLength: 0, destroyed: false }, 2],
  ['has still some of it', { writableLength: 1, destroyed: false }, 1],
])('a buffer is free where the socket %s', (_name, socket, idle) => {
  const { buffers } = two();
  buffers.releaseAfter(buffers.acquire(), socket);
  expect(buffers.idle).toBe(idle);
});

test.each([{ writableLength: 0 }, { destroyed: true }])('a buffer that a socket had is used again once that has nothing of it any more: %j', (change) => {
  const { buffers } = two();
  const socket = { writableLength: 9, destroyed: false };
  const lent = buffers.acquire();
  buffers.releaseAfter(lent, socket);
  buffers.acquire();
  expect(buffers.acquire().base).toBe(-1);
  Object.assign(socket, change);
  expect(buffers.acquire()).toBe(lent);
});
