import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeTime } from '../test/fake-time.ts';
import type { AlertChange } from './alert.ts';
import { Alerts, type AlertsOptions } from './alerts.ts';
import type { MetricSource } from './metric-source.ts';
import type { Notification } from './notification.ts';
import type { AlertRuleInput } from './rule.ts';

const second = 1000;
const minute = 60 * second;
const rule: AlertRuleInput = { name: 'Lag', metric: 'lag', comparison: '>', value: 0, summary: '{{labels.db}}: {{value}}' };
const route = { channels: ['ops'], groupWaitMs: 30 * second, groupIntervalMs: 5 * minute, repeatIntervalMs: 60 * minute };

/** Metrics that a test sets: the values of `lag` by database. */
class Levels implements MetricSource {
  values: Record<string, number> = {};
  isBroken = false;

  snapshot() {
    if (this.isBroken) throw Object.assign(new Error('secret'), { code: 'ECONNREFUSED' });
    const samples = Object.entries(this.values).map(([db, value]) => ({ labels: { db }, value }));
    return { read: (metric: string) => (metric === 'lag' ? samples : []) };
  }
}

function setUp(options: Partial<AlertsOptions> = {}) {
  const time = new FakeTime();
  const source = new Levels();
  const sent: { readonly at: number; readonly notification: Notification }[] = [];
  const changes: AlertChange[] = [];
  const world = { isTaking: true };
  const start = time.now();
  const send = async (notification: Notification) => {
    sent.push({ at: time.now() - start, notification });
    return world.isTaking;
  };
  const changed = (change: AlertChange) => void changes.push(change);
  const alerts = new Alerts({ rules: [rule], routes: [route], source, send, changed, intervalMs: 10 * second, clock: time, timers: time, ...options });
  const told = () =>
    sent.map(({ at, notification: { status, alerts: each } }) => [at / second, status, each.map(({ labels, state }) => `${labels['db']} ${state}`).join(', ')]);
  return { time, source, sent, changes, alerts, world, told };
}

describe('messages', () => {
  test('a group waits, tells what came and ended at its pace, and repeats itself when nothing does', async () => {
    const { time, source, alerts, told } = setUp();
    source.values = { a: 1, b: 1 };
    alerts.start();
    await time.advance(20 * second);
    source.values = { a: 1, b: 1, c: 1 };
    await time.advance(minute);
    expect(told()).toEqual([[30, 'firing', 'a firing, b firing, c firing']]);
    source.values = { a: 1, d: 1 };
    await time.advance(5 * minute);
    expect(told().slice(1)).toEqual([[330, 'firing', 'a firing, d firing, b resolved, c resolved']]);
    await time.advance(60 * minute);
    expect(told().slice(2)).toEqual([[330 + 3600, 'firing', 'a firing, d firing']]);
    source.values = {};
    await time.advance(5 * minute);
    expect(told().slice(3)).toEqual([[330 + 3900, 'resolved', 'a resolved, d resolved']]);
    await time.advance(120 * minute);
    expect(told()).toHaveLength(4);
    alerts.stop();
    expect(time.pending).toBe(0);
  });

  test('what comes and goes while the group waits is not told of', async () => {
    const { time, source, alerts, told } = setUp();
    source.values = { a: 1 };
    alerts.start();
    await time.advance(15 * second);
    source.values = {};
    await time.advance(60 * minute);
    expect(told()).toEqual([]);
    alerts.stop();
  });

  test('what a channel did not take is told again at the next interval, as it is then', async () => {
    const { time, source, alerts, world, told } = setUp();
    world.isTaking = false;
    source.values = { a: 1, b: 1 };
    alerts.start();
    await time.advance(minute);
    source.values = { a: 1 };
    world.isTaking = true;
    await time.advance(5 * minute);
    expect(told()).toEqual([
      [30, 'firing', 'a firing, b firing'],
      // The message may have arrived all the same, so the end of b is worth a word.
      [330, 'firing', 'a firing, b resolved'],
    ]);
    alerts.stop();
  });

  test('a sender that throws stops nothing', async () => {
    let calls = 0;
    const send = () => {
      calls += 1;
      throw new Error('sender');
    };
    const { time, source, alerts } = setUp({ send });
    source.values = { a: 1 };
    alerts.start();
    await time.advance(6 * minute);
    expect(calls).toBe(2);
    alerts.stop();
  });

  test('an end that a channel did not take is told again, too', async () => {
    const { time, source, alerts, world, told } = setUp();
    source.values = { a: 1 };
    alerts.start();
    await time.advance(minute);
    world.isTaking = false;
    source.values = {};
    await time.advance(5 * minute);
    world.isTaking = true;
    await time.advance(10 * minute);
    expect(told()).toEqual([
      [30, 'firing', 'a firing'],
      [330, 'resolved', 'a resolved'],
      [630, 'resolved', 'a resolved'],
    ]);
    alerts.stop();
  });

  test('of what has been over for long a dead channel is no longer told', async () => {
    const { time, source, alerts, world, told } = setUp();
    world.isTaking = false;
    source.values = { a: 1 };
    alerts.start();
    await time.advance(minute);
    source.values = {};
    await time.advance(70 * minute);
    const attempts = told().length;
    expect(attempts).toBeGreaterThan(10);
    await time.advance(120 * minute);
    expect(told()).toHaveLength(attempts);
    alerts.stop();
  });

  test('a channel that takes its time has one message at a time, and the next with what came meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const heard: Notification[] = [];
    const send = (notification: Notification) => (heard.push(notification) === 1 ? promise : Promise.resolve(true));
    const { time, source, alerts } = setUp({ send });
    source.values = { a: 1 };
    alerts.start();
    await time.advance(minute);
    source.values = { b: 1 };
    await time.advance(10 * minute);
    expect(heard).toHaveLength(1);
    resolve(true);
    await time.advance(5 * minute);
    expect(heard.map(({ alerts: each }) => each.map(({ labels, state }) => `${labels['db']} ${state}`))).toEqual([['a firing'], ['b firing', 'a resolved']]);
    alerts.stop();
  });

  test('a route that does not want ends is told of none', async () => {
    const { time, source, alerts, told } = setUp({ routes: [{ ...route, sendResolved: false }] });
    source.values = { a: 1 };
    alerts.start();
    await time.advance(minute);
    source.values = {};
    await time.advance(10 * minute);
    expect(told()).toHaveLength(1);
    source.values = { a: 1 };
    await time.advance(minute);
    expect(told()).toHaveLength(2);
    alerts.stop();
  });

  test('the first route that matches counts, unless it lets go on; groups are by label', async () => {
    const routes = [
      { ...route, match: [{ label: 'db', is: 'a' }], channels: ['one'], isContinued: true },
      { ...route, match: [{ label: 'db', is: ['a', 'b'] }], channels: ['two', 'three'], groupBy: ['db'] },
      { ...route, match: [{ label: 'db', is: 'quiet' }], channels: [] },
      { ...route, channels: ['rest'] },
    ];
    const { time, source, alerts, sent } = setUp({ routes });
    source.values = { a: 1, b: 1, c: 1, quiet: 1 };
    alerts.start();
    await time.advance(minute);
    const heard = sent.map(({ notification }) => `${notification.channel}: ${notification.alerts.map(({ labels }) => labels['db']).join(',')}`);
    expect(heard.toSorted()).toEqual(['one: a', 'rest: c', 'three: a', 'three: b', 'two: a', 'two: b']);
    expect(new Set(sent.map(({ notification: { groupKey } }) => groupKey)).size).toBe(4);
    alerts.stop();
  });

  test('what is silenced is not told of until the silence is over', async () => {
    const { time, source, alerts, told } = setUp();
    source.values = { a: 1, b: 1 };
    alerts.start();
    alerts.silences.add({ matchers: [{ label: 'db', is: 'a' }], until: time.now() + 10 * minute, author: 'ann', comment: 'new disk' });
    expect(alerts.list().map(({ labels, silencedBy }) => [labels['db'], silencedBy.length])).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
    await time.advance(8 * minute);
    expect(told()).toEqual([[30, 'firing', 'b firing']]);
    await time.advance(5 * minute);
    expect(told().slice(1)).toEqual([[630, 'firing', 'a firing, b firing']]);
    alerts.stop();
  });

  test('what something worse explains is not told of', async () => {
    const rules = [rule, { ...rule, name: 'Down', value: 10, severity: 'critical' as const }];
    const inhibitions = [{ source: [{ label: 'severity', is: 'critical' }], target: [{ label: 'severity', is: 'warning' }], equal: ['db'] }];
    const { time, source, alerts, sent } = setUp({ rules, inhibitions });
    source.values = { a: 20, b: 1 };
    alerts.start();
    await time.advance(minute);
    expect(sent.flatMap(({ notification }) => notification.alerts.map(({ rule: name, labels }) => `${name} ${labels['db']}`)).toSorted()).toEqual([
      'Down a',
      'Lag b',
    ]);
    expect(alerts.list().map(({ rule: name, labels, isInhibited }) => [name, labels['db'], isInhibited])).toEqual([
      ['Down', 'a', false],
      ['Lag', 'a', true],
      ['Lag', 'b', false],
    ]);
    alerts.stop();
  });

  test('a hundred alerts are told, and the rest is counted', async () => {
    const { time, source, alerts, sent } = setUp();
    source.values = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`db${at}`, 1]));
    alerts.start();
    await time.advance(minute);
    expect(sent).toMatchObject([{ notification: { truncatedAlerts: 30, commonLabels: { alertname: 'Lag', severity: 'warning' } } }]);
    expect(sent[0]?.notification.alerts).toHaveLength(100);
    alerts.stop();
  });
});

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
