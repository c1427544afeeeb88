import { describe, expect, test } from 'vitest';
import { minute, route, rule, second, setUp } from '../test/alerting.ts';
import type { Notification } from './notification.ts';

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
