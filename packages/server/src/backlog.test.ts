import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backlog } from './backlog.ts';

const limit = { lateMs: 100, maxLate: 2 };

test('any number is taken on as long as it is answered in time', () => {
  const backlog = new Backlog(limit);
  const steps = Array.from({ length: 5000 }, () => backlog.enter(1000));
  for (const step of steps) backlog.leave(step ?? expect.unreachable(), 1090);
  expect(backlog.open).toBe(0);
  expect(backlog.enter(5000)).not.toBeNull();
});

test('new ones are refused while too many are late, and taken on again once they are answered', () => {
  const backlog = new Backlog(limit);
  const [first, , third] = [1000, 1001, 1002].map((now) => backlog.enter(now));
  expect(backlog.enter(1090)).not.toBeNull();
  expect(backlog.enter(1110)).toBeNull();
  expect(backlog.open).toBe(4);
  backlog.leave(first ?? expect.unreachable(), 1120);
  backlog.leave(third ?? expect.unreachable(), 1120);
  expect(backlog.enter(1121)).not.toBeNull();
});

test('property: what is late is what arrived longer ago than that, to a tenth of the time, however long nobody looked', () => {
  const act = fc.record({ afterMs: fc.oneof(fc.nat(15), fc.nat(300)), answers: fc.option(fc.nat(20)) });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const backlog = new Backlog(limit);
      const open: { readonly at: number; readonly step: number }[] = [];
      let now = 12_345;
      for (const { afterMs, answers } of acts) {
        now += afterMs;
        const [answered] = answers === null ? [] : open.splice(answers % Math.max(open.length, 1), 1);
        if (answered !== undefined) backlog.leave(answered.step, now);
        const surely = open.filter(({ at }) => now - at >= limit.lateMs).length;
        const perhaps = open.filter(({ at }) => now - at > limit.lateMs * 0.9).length;
        const step = backlog.enter(now);
        if (surely > limit.maxLate) expect(step).toBeNull();
        if (perhaps <= limit.maxLate) expect(step).not.toBeNull();
        if (step !== null) open.push({ at: now, step });
        expect(backlog.open).toBe(open.length);
      }
    }),
  );
});
