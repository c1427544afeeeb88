import { expect, test, vi } from 'vitest';
import { Listeners } from './listeners.ts';

interface Events {
  a: number;
  b: string;
}

test('a listener hears its event until it is taken away', () => {
  const listeners = new Listeners<Events>();
  const heard: unknown[] = [];
  const end = listeners.add('a', (value) => heard.push(value));
  listeners.add('b', (value) => heard.push(value));
  listeners.emit('a', 1);
  end();
  listeners.emit('a', 2);
  listeners.emit('b', 'three');
  expect(heard).toEqual([1, 'three']);
});

test('what a listener throws surfaces on its own and keeps nothing from the others', () => {
  const later: (() => void)[] = [];
  vi.stubGlobal('queueMicrotask', (task: () => void) => later.push(task));
  const listeners = new Listeners<Events>();
  const heard: number[] = [];
  listeners.add('a', () => {
    throw new RangeError('mine');
  });
  listeners.add('a', (value) => heard.push(value));
  listeners.emit('a', 1);
  vi.unstubAllGlobals();
  expect(heard).toEqual([1]);
  expect(() => later[0]?.()).toThrow(RangeError);
});
