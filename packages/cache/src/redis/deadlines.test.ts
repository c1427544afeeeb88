import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines, type Underway } from './deadlines.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] }));
afterEach(() => vi.useRealTimers());

const givenUp: string[] = [];
beforeEach(() => void givenUp.splice(0));

class Call implements Underway {
  isOver = false;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  giveUp(): void {
    this.isOver = true;
    givenUp.push(this.#name);
  }
}

test('what takes too long is given up, each in its own time, and nothing else', () => {
  const deadlines = new Deadlines(100);
  const [first, answered, last] = [new Call('first'), new Call('answered'), new Call('last')];
  deadlines.add(first);
  vi.advanceTimersByTime(60);
  deadlines.add(answered);
  answered.isOver = true;
  deadlines.add(last);
  vi.advanceTimersByTime(39);
  expect(givenUp).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(givenUp).toEqual(['first']);
  vi.advanceTimersByTime(58);
  expect(givenUp).toEqual(['first']);
  vi.advanceTimersByTime(3);
  expect(givenUp).toEqual(['first', 'last']);
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer that waited for this process is in time: it is read after the timers of a turn and before its immediates', () => {
  const deadlines = new Deadlines(100);
  const call = new Call('call');
  deadlines.add(call);
  setTimeout(() => {
    call.isOver = true;
  }, 100);
  vi.advanceTimersByTime(100);
  vi.advanceTimersByTime(1);
  expect(givenUp).toEqual([]);
});

test('one timer watches over all calls, and none is left once they are over', () => {
  const deadlines = new Deadlines(100);
  for (let i = 0; i < 50; i += 1) {
    const call = new Call('call');
    deadlines.add(call);
    vi.advanceTimersByTime(1);
    call.isOver = true;
    expect(vi.getTimerCount()).toBe(1);
  }
  vi.advanceTimersByTime(101);
  expect(vi.getTimerCount()).toBe(0);
});
