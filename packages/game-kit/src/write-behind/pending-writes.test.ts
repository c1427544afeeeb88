import { expect, test } from 'vitest';
import type { DeferredWrite } from './log-entry.ts';
import { PendingWrites } from './pending-writes.ts';
import { counter } from './test/deferring-game.ts';

function pendingWrite(sequence: number, key?: string): { sequence: number; write: DeferredWrite; payload: Uint8Array } {
  const write: DeferredWrite = {
    operation: 'counter.add',
    keyed: key === undefined ? undefined : { key, inputHash: 'ff' },
    output: null,
    event: undefined,
    acceptedAt: sequence * 10,
    changes: [{ kind: 'add', entity: counter, row: { playerId: 7n, name: 'kills', value: 1n }, columns: ['value'] }],
  };
  return { sequence, write, payload: new Uint8Array() };
}

test('a thing is known by its newest write until that one is made', () => {
  const pending = new PendingWrites();
  pending.add(pendingWrite(1));
  pending.add(pendingWrite(2));
  expect([pending.lastOf('counter', '7'), pending.lastOf('counter', '8'), pending.oldestAt]).toEqual([2, undefined, 10]);
  pending.removeOldest(1);
  expect([pending.lastOf('counter', '7'), pending.oldestAt]).toEqual([2, 20]);
  pending.removeOldest(1);
  expect([pending.lastOf('counter', '7'), pending.oldestAt, pending.size]).toEqual([undefined, undefined, 0]);
});

test('a write is found by its key as long as it waits', () => {
  const pending = new PendingWrites();
  pending.add(pendingWrite(1, 'the first key'));
  expect(pending.byKey('the first key')).toMatchObject({ acceptedAt: 10 });
  pending.removeOldest(1);
  expect(pending.byKey('the first key')).toBeUndefined();
});
