import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Exchange } from './exchange.ts';
import { FakeTime } from './testing/fake-timers.ts';
import { WaitingLine } from './waiting-line.ts';

function exchange(operation: number, signal?: AbortSignal): Exchange {
  const made = new Exchange({ game: 1, operation, priority: 0, payload: Buffer.alloc(0), trace: undefined, isRepeatable: false }, () => {});
  made.promise.catch(() => {});
  made.start(new FakeTime(), 1000, signal);
  return made;
}

const steps = fc.array(fc.record({ act: fc.constantFrom('push', 'push', 'push', 'shift', 'shift', 'unshift', 'giveUp'), number: fc.nat(12) }), {
  maxLength: 200,
});

test('it is a line: first come first served, without those that were given up', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const line = new WaitingLine();
      let model: { exchange: Exchange; abort: AbortController }[] = [];
      let number = 0;
      const make = (): (typeof model)[number] => {
        const abort = new AbortController();
        return { exchange: exchange((number += 1), abort.signal), abort };
      };
      for (const { act, number: n } of script) {
        if (act === 'push') {
          const made = make();
          model.push(made);
          line.push(made.exchange);
        } else if (act === 'shift') {
          expect(line.shift()).toBe(model.shift()?.exchange);
        } else if (act === 'unshift') {
          const made = Array.from({ length: n % 4 }, make);
          model = [...made, ...model];
          line.unshift(made.map((one) => one.exchange));
        } else {
          model.splice(n, 1)[0]?.abort.abort();
        }
        expect(line.size).toBe(model.length);
      }
    }),
  );
});

test('requests that were given up do not pile up behind one that waits', async () => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const line = new WaitingLine();
  line.push(exchange(0));
  const givenUp: WeakRef<Exchange>[] = [];
  for (let n = 1; n <= 3000; n++) {
    const abort = new AbortController();
    const made = exchange(n, abort.signal);
    line.push(made);
    abort.abort();
    if (n <= 500) givenUp.push(new WeakRef(made));
  }
  await new Promise((resolve) => setImmediate(resolve));
  if (typeof collect === 'function') collect();
  expect(givenUp.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(10);
  expect(line.size).toBe(1);
});
