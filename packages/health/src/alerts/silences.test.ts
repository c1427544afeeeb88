import { expect, test } from 'vitest';
import { FakeTime } from '../test/fake-time.ts';
import { isInhibited } from './inhibited.ts';
import { matchesAll } from './matcher.ts';
import { newAlert } from './alert.ts';
import { alertRuleSchema } from './schema.ts';
import { Silences } from './silences.ts';

const hour = 3_600_000;
const labels = { alertname: 'Lag', game: 'realm' };

function setUp(max?: number) {
  const time = new FakeTime();
  let ids = 0;
  const silences = new Silences({ clock: time, max, keepMs: hour, newId: () => `id${(ids += 1)}` });
  const add = (fromMs: number, untilMs: number) =>
    silences.add({ matchers: [{ label: 'game', is: 'realm' }], from: time.now() + fromMs, until: time.now() + untilMs, author: 'ann', comment: 'new disk' });
  return { time, silences, add };
}

test('a silence counts from its start to its end, and stays in the list for a while', async () => {
  const { time, silences, add } = setUp();
  add(hour, 2 * hour);
  expect(silences.matching(labels)).toEqual([]);
  expect(silences.list()).toMatchObject([{ state: 'pending', author: 'ann', comment: 'new disk' }]);
  await time.advance(hour);
  expect(silences.matching(labels)).toEqual(['id1']);
  expect(silences.matching({ ...labels, game: 'life' })).toEqual([]);
  await time.advance(hour);
  expect(silences.matching(labels)).toEqual([]);
  expect(silences.list()).toMatchObject([{ state: 'expired' }]);
  await time.advance(hour);
  expect(silences.list()).toEqual([]);
});

test('one that is ended early is over at once', () => {
  const { silences, add } = setUp();
  const { id } = add(0, hour);
  silences.expire(id);
  expect(silences.matching(labels)).toEqual([]);
  expect(silences.list()).toMatchObject([{ id, state: 'expired' }]);
  expect(() => silences.expire('nobody')).toThrow(expect.objectContaining({ code: 'ERR_HEALTH_UNKNOWN' }));
});

test('those of an earlier process go on', () => {
  const { time, silences, add } = setUp();
  add(0, hour);
  expect(new Silences({ clock: time, initial: silences.list() }).matching(labels)).toEqual(['id1']);
});

test('what makes no sense is refused by name', () => {
  const { time, silences, add } = setUp(1);
  const sound = { matchers: [{ label: 'game', is: 'realm' }], until: time.now() + 1, author: 'ann', comment: 'x' };
  const refused = (wrong: object, field: string) =>
    expect(() => silences.add({ ...sound, ...wrong })).toThrow(
      expect.objectContaining({ code: 'ERR_HEALTH_OPTIONS', message: expect.stringContaining(field) }),
    );
  refused({ matchers: [] }, 'silence.matchers');
  refused({ until: time.now() }, 'silence.until');
  refused({ from: time.now() + 5 }, 'silence.until');
  refused({ author: '' }, 'silence.author');
  add(0, hour);
  refused({}, 'there are 1');
});

test('matchers: any of several, none of several, and what is missing is empty', () => {
  expect(matchesAll(labels, [])).toBe(true);
  expect(matchesAll(labels, [{ label: 'game', is: ['life', 'realm'] }])).toBe(true);
  expect(matchesAll(labels, [{ label: 'game', isNot: ['life', 'realm'] }])).toBe(false);
  expect(matchesAll(labels, [{ label: 'region', isNot: 'eu' }])).toBe(true);
  expect(matchesAll(labels, [{ label: 'region', is: '' }])).toBe(true);
  expect(
    matchesAll(labels, [
      { label: 'game', is: 'realm' },
      { label: 'alertname', is: 'Other' },
    ]),
  ).toBe(false);
});

test('an alert that fires inhibits those of the same place, and not itself', () => {
  const rule = alertRuleSchema.parse({ name: 'Down', metric: 'm', comparison: '>', value: 0, severity: 'critical' });
  const firing = [newAlert(rule, { labels: { db: 'a' }, value: 1 }, 0)];
  const inhibitions = [{ source: [{ label: 'severity', is: 'critical' }], target: [{ label: 'severity', isNot: 'info' }], equal: ['db'] }];
  expect(isInhibited({ severity: 'warning', db: 'a' }, firing, inhibitions)).toBe(true);
  expect(isInhibited({ severity: 'warning', db: 'b' }, firing, inhibitions)).toBe(false);
  expect(isInhibited({ severity: 'info', db: 'a' }, firing, inhibitions)).toBe(false);
  expect(isInhibited(firing[0]!.labels, firing, inhibitions)).toBe(false);
});
