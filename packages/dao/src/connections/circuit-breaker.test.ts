import { expect, test } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';
import { FakeTime } from '@midgard/pool/testing';

class Bench {
  readonly time = new FakeTime();
  readonly states: string[] = [];
  readonly breaker: CircuitBreaker;

  constructor(failures: number) {
    this.breaker = new CircuitBreaker({ failures, clock: this.time, changed: (state) => this.states.push(state) });
  }

  async fail(error: string): Promise<void> {
    this.breaker.failed(error);
    await this.time.advance(50);
  }
}

test('opens at the failure that makes the row full, and says why', async () => {
  const bench = new Bench(3);
  await bench.fail('first');
  await bench.fail('second');
  expect(bench.breaker.isClosed).toBe(true);
  await bench.fail('third');
  await bench.fail('fourth');
  expect(bench.states).toEqual(['open']);
  expect(bench.breaker.lastError).toBe('fourth');
});

test('failures that come together count once', async () => {
  const bench = new Bench(2);
  for (let i = 0; i < 10; i += 1) bench.breaker.failed('all at once');
  expect(bench.breaker.isClosed).toBe(true);
  await bench.time.advance(50);
  bench.breaker.failed('later');
  expect(bench.breaker.isClosed).toBe(false);
});

test.each(['succeeded', 'used'] as const)('a row is interrupted by what %s', async (sign) => {
  const bench = new Bench(2);
  await bench.fail('first');
  bench.breaker[sign]();
  await bench.fail('second');
  expect(bench.breaker.isClosed).toBe(true);
});

test('one failed probe opens it again, one that succeeds closes it for a whole new row', async () => {
  const bench = new Bench(2);
  await bench.fail('first');
  bench.breaker.failed('second');
  bench.breaker.probed();
  bench.breaker.failed('probe');
  bench.breaker.probed();
  bench.breaker.succeeded();
  await bench.time.advance(50);
  bench.breaker.failed('again');
  expect(bench.states).toEqual(['open', 'halfOpen', 'open', 'halfOpen', 'closed']);
});

test('a connection that comes back long after its last use closes nothing', () => {
  const { breaker } = new Bench(1);
  breaker.failed('down');
  breaker.used();
  expect(breaker.state).toBe('open');
});

test('a probe of a server that is well changes nothing', () => {
  const { breaker, states } = new Bench(1);
  breaker.probed();
  breaker.succeeded();
  expect(states).toEqual([]);
});
