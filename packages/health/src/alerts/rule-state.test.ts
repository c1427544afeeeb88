import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hit } from './condition.ts';
import { RuleState } from './rule-state.ts';
import { alertRuleSchema } from './schema.ts';

const second = 1000;
const hit = (value = 1, labels: Readonly<Record<string, string>> = {}): Hit => ({ labels, value });

function stateOf(more: Readonly<Record<string, unknown>>): RuleState {
  return new RuleState(alertRuleSchema.parse({ name: 'High', metric: 'level', comparison: '>', value: 0, ...more }));
}

describe('one rule', () => {
  test('it is pending until it has held for its time, then fires, then is over', () => {
    const state = stateOf({ forMs: 10 * second });
    expect(state.update([hit()], 0)).toMatchObject([{ from: 'inactive', to: 'pending' }]);
    expect(state.update([hit()], 9 * second)).toEqual([]);
    expect(state.update([hit()], 10 * second)).toMatchObject([{ from: 'pending', to: 'firing', alert: { activeAt: 0, firedAt: 10 * second } }]);
    expect(state.update([], 12 * second)).toMatchObject([{ from: 'firing', to: 'resolved', alert: { state: 'resolved', resolvedAt: 12 * second } }]);
    expect(state.alerts()).toEqual([]);
  });

  test('a gap makes it wait from the start again', () => {
    const state = stateOf({ forMs: 10 * second });
    state.update([hit()], 0);
    expect(state.update([], 5 * second)).toMatchObject([{ from: 'pending', to: 'inactive' }]);
    state.update([hit()], 6 * second);
    expect(state.update([hit()], 12 * second)).toEqual([]);
  });

  test('without a time to hold it fires at once', () => {
    expect(
      stateOf({})
        .update([hit()], 0)
        .map(({ to }) => to),
    ).toEqual(['pending', 'firing']);
  });

  test('each series is an alert of its own, with the labels of the rule on top', () => {
    const state = stateOf({ addLabels: { team: 'data', game: 'all' }, severity: 'critical', summary: '{{labels.db}} at {{value}} over {{threshold}}' });
    state.update([hit(1, { db: 'a', game: 'realm' }), hit(2, { db: 'b' })], 0);
    expect(state.alerts().map(({ labels, annotations }) => [labels, annotations])).toEqual([
      [{ alertname: 'High', severity: 'critical', team: 'data', game: 'all', db: 'a' }, { summary: 'a at 1 over 0' }],
      [{ alertname: 'High', severity: 'critical', team: 'data', game: 'all', db: 'b' }, { summary: 'b at 2 over 0' }],
    ]);
    expect(state.update([hit(3, { db: 'b' })], 1)).toMatchObject([{ to: 'resolved', alert: { labels: { db: 'a' } } }]);
    expect(state.alerts()).toMatchObject([{ value: 3, annotations: { summary: 'b at 3 over 0' } }]);
  });

  test('what a label says is not filled in again', () => {
    const state = stateOf({ summary: '{{labels.player}} {{labels.gone}}{{labels.constructor}}{{constructor}}!' });
    state.update([hit(1, { player: '{{value}} $& {{labels.player}}' })], 0);
    expect(state.alerts()).toMatchObject([{ annotations: { summary: '{{value}} $& {{labels.player}} !' } }]);
  });
});

interface Step {
  readonly afterMs: number;
  readonly holds: boolean;
}

/** When an alert fires, read aloud over the whole history: a step at a time, with nothing remembered but the history. */
function firesAt(steps: readonly Step[], forMs: number, keepMs: number): boolean[] {
  const times = steps.reduce<number[]>((all, { afterMs }) => [...all, (all.at(-1) ?? 0) + afterMs], []);
  const fires: boolean[] = [];
  for (const [at, { holds }] of steps.entries()) {
    const wasFiring = fires[at - 1] ?? false;
    const now = times[at] ?? 0;
    if (holds) {
      const lastMiss = steps.slice(0, at).findLastIndex((step) => !step.holds);
      fires.push(wasFiring || now - (times[lastMiss + 1] ?? 0) >= forMs);
    } else {
      const lastHold = steps.slice(0, at).findLastIndex((step) => step.holds);
      fires.push(wasFiring && now - (times[lastHold + 1] ?? 0) < keepMs);
    }
  }
  return fires;
}

test('whatever holds when, it fires exactly when Prometheus would, and every change follows from the last', () => {
  const step = fc.record({ afterMs: fc.integer({ min: 1, max: 5 }), holds: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), (steps, forMs, keepFiringMs) => {
      const state = stateOf({ forMs, keepFiringMs });
      const expected = firesAt(steps, forMs, keepFiringMs);
      let now = 0;
      let standing = 'inactive';
      for (const [at, { afterMs, holds }] of steps.entries()) {
        now += afterMs;
        for (const { from, to } of state.update(holds ? [hit()] : [], now)) {
          expect(from).toBe(standing);
          standing = to === 'resolved' ? 'inactive' : to;
        }
        expect(state.alerts().some((alert) => alert.state === 'firing')).toBe(expected[at]);
        expect(standing).toBe(state.alerts()[0]?.state ?? 'inactive');
      }
    }),
  );
});
