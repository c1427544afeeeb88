import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minute, route, rule, second, setUp } from '../test/alerting.ts';
import { Alerts, type AlertsOptions } from './alerts.ts';

describe('looks', () => {
  test('metrics that cannot be read change nothing, and that is told', async () => {
    const failures: string[] = [];
    const { time, source, alerts, changes } = setUp({ failed: (reason) => failures.push(reason) });
    source.values = { a: 1 };
    alerts.start();
    source.isBroken = true;
    await time.advance(20 * second);
    expect(failures).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(alerts.list()).toMatchObject([{ state: 'firing' }]);
    expect(changes.map(({ to }) => to)).toEqual(['pending', 'firing']);
    alerts.stop();
  });

  test('a listener may stop it', async () => {
    const { time, source, alerts } = setUp({ changed: () => alerts.stop() });
    source.values = { a: 1 };
    alerts.start();
    await time.advance(minute);
    expect(time.pending).toBe(0);
  });

  test('rules are replaced: what is the same keeps its alerts, what is gone ends', () => {
    const { source, alerts, changes } = setUp({ rules: [rule, { ...rule, name: 'Other' }] });
    source.values = { a: 1 };
    alerts.evaluate();
    changes.length = 0;
    alerts.replaceRules([
      { ...rule, severity: 'warning' },
      { ...rule, name: 'New', forMs: minute },
    ]);
    alerts.evaluate();
    expect(changes.map(({ alert, to }) => `${alert.rule} ${to}`)).toEqual(['Other resolved', 'New pending']);
    expect(() => alerts.replaceRules([rule, rule])).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: 'rules.1.name: Lag stands twice' }));
    expect(alerts.list().map(({ rule: name, state }) => `${name} ${state}`)).toEqual(['Lag firing', 'New pending']);
  });

  test('a clock that is set back does not stop it', async () => {
    const { time, source, alerts, changes } = setUp();
    const clock = { offsetMs: 0, now: () => time.now() + clock.offsetMs };
    const other = new Alerts({
      rules: [rule],
      routes: [route],
      source,
      changed: (change) => changes.push(change),
      clock,
      timers: time,
      intervalMs: 10 * second,
    });
    other.start();
    clock.offsetMs = -60 * minute;
    source.values = { a: 1 };
    await time.advance(20 * second);
    expect(other.list()).toMatchObject([{ state: 'firing' }]);
    other.stop();
    alerts.stop();
  });

  test.each<[Partial<AlertsOptions>, string]>([
    [{ rules: [{ ...rule, metric: '' }] }, 'rules.0.metric'],
    [{ routes: [{ ...route, groupIntervalMs: 0 }] }, 'routes.0.groupIntervalMs'],
    [{ inhibitions: [{ source: [], target: [{ label: 'a', is: 'b' }] }] }, 'inhibitions.0.source'],
    [{ intervalMs: 1 }, 'intervalMs'],
  ])('a setting that makes no sense is refused by name: %j', (wrong, field) => {
    expect(() => setUp(wrong)).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining(field) }));
  });
});

test('whatever fires and ends when, and whether a channel takes it or not: everything is told in time, nothing too often, and every end of what was told', async () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 1, max: 400 }).map((tenths) => tenths * second),
    on: fc.subarray(['a', 'b', 'c']),
    isTaking: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { time, source, alerts, world, sent } = setUp();
      alerts.start();
      for (const { waitMs, on, isTaking } of steps) {
        source.values = Object.fromEntries(on.map((db) => [db, 1]));
        world.isTaking = isTaking;
        await time.advance(waitMs);
      }
      world.isTaking = true;
      // By then a look and an interval have passed: whoever fires has been told of.
      await time.advance(10 * second + 5 * minute);
      const known = new Map(sent.flatMap(({ notification }) => notification.alerts.map(({ labels, state }) => [labels['db'], state] as const)));
      for (const db of Object.keys(source.values)) expect(known.get(db)).toBe('firing');
      source.values = {};
      await time.advance(10 * second + 5 * minute);
      const last = new Map(sent.flatMap(({ notification }) => notification.alerts.map(({ labels, state }) => [labels['db'], state] as const)));
      expect([...last.values()].filter((state) => state === 'firing')).toEqual([]);
      const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
      // A group that is over makes room for a new one, which waits anew.
      for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(sent[index]?.notification.status === 'resolved' ? 30 * second : 5 * minute);
      alerts.stop();
    }),
    { numRuns: 150 },
  );
});
