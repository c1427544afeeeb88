import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alertsSchema } from './alerts-schema.ts';
import { builtInRules } from './built-in-rules.ts';
import { effectiveRoutes } from './effective-routes.ts';
import { effectiveRules } from './effective-rules.ts';

const own = { name: 'QueueLong', metric: 'queue_depth', comparison: '>', value: 5 };

function rulesOf(settings: object): readonly string[] {
  return effectiveRules(alertsSchema.parse(settings)).map(({ rule, origin }) => `${rule.name} ${rule.forMs} ${origin}`);
}

function faultsOf(settings: object): readonly string[] {
  return (alertsSchema.safeParse(settings).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('without any settings the built-in rules are looked at, and nobody is told', () => {
  const settings = alertsSchema.parse({});
  expect(settings).toMatchObject({ enabled: true, intervalMs: 15_000, channels: {} });
  expect(effectiveRoutes(settings)).toEqual([]);
  expect(effectiveRules(settings).map(({ rule }) => rule)).toEqual(builtInRules);
});

test('all channels hear of everything where there are no routes; none of it where there is an empty list of them', () => {
  const channels = { ops: { kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/x' }, hook: { kind: 'webhook', url: 'https://example.org/' } };
  expect(effectiveRoutes(alertsSchema.parse({ channels }))).toEqual([{ channels: ['ops', 'hook'] }]);
  expect(effectiveRoutes(alertsSchema.parse({ channels, routes: [] }))).toEqual([]);
});

test('every metric of a built-in rule is one that the service has', () => {
  const page = readFileSync(new URL('../../METRICS.md', import.meta.url), 'utf8');
  for (const { metric } of builtInRules) expect(page).toContain(`| \`${metric}\` |`);
});

test('a rule takes the place of a built-in one of its name, others come behind, and what is switched off is gone', () => {
  const rules = [{ ...own }, { ...own, name: 'MidgardCacheAway', forMs: 7 }];
  const disabledRules = builtInRules.map(({ name }) => name).filter((name) => name !== 'MidgardCacheAway' && name !== 'MidgardLedgerImbalance');
  expect(rulesOf({ rules, disabledRules })).toEqual(['MidgardLedgerImbalance 0 built in', 'MidgardCacheAway 7 replaced', 'QueueLong 0 configured']);
});

function heals(rule: string, action: string): object {
  return { healing: [{ rule, action, coolDownMs: 60_000 }] };
}

describe('a name that nothing has is refused, at its place', () => {
  const channels = { ops: { kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/x' } };
  test.each<[string, object, RegExp]>([
    ['a channel', { channels, routes: [{ channels: ['opss'] }] }, /^routes\.0\.channels\.0: expected a channel: ops$/],
    ['a channel where there is none', { routes: [{ channels: ['ops'] }] }, /^routes\.0\.channels\.0: expected a channel, and there is none$/],
    ['a built-in rule', { disabledRules: ['Nope'] }, /^disabledRules\.0: expected a built-in rule: Midgard/],
    ['a rule of an action', heals('Nope', 'shed-load'), /^healing\.0\.rule: expected a rule that is looked at: Midgard/],
    ['a rule of an action that is switched off', { ...heals('MidgardCacheAway', 'shed-load'), disabledRules: ['MidgardCacheAway'] }, /^healing\.0\.rule: /],
    ['an action', heals('MidgardCacheAway', 'reboot'), /^healing\.0\.action: expected one of reconnect-pool, shed-load, open-breaker, heap-snapshot$/],
    ['an action that others have', heals('MidgardCacheAway', 'restart-worker'), /^healing\.0\.action: expected one of .*; there is one worker process/],
    ['a rule both given and switched off', { rules: [{ ...own, name: 'MidgardCacheAway' }], disabledRules: ['MidgardCacheAway'] }, /^rules\.0\.name: /],
  ])('%s', (_, settings, fault) => {
    expect(faultsOf(settings)).toEqual([expect.stringMatching(fault)]);
  });
});
