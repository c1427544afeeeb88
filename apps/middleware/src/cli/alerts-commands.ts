import process from 'node:process';
import type { AlertRule } from '@midgard/health';
import { type EffectiveRule, effectiveRules } from '../alerts/effective-rules.ts';
import { openChannels } from '../alerts/open-channels.ts';
import { readSettings } from '../config.ts';
import { SetupError } from '../setup-error.ts';
import { table } from './table.ts';

/** Sends a test to a channel of the configuration, in one attempt; the exit code is 1 where it was not taken. */
export async function testChannelCommand({ channel: name }: { readonly channel: string }): Promise<void> {
  const { channels: configured } = readSettings().config.alerts;
  if (!Object.hasOwn(configured, name)) throw new SetupError('ERR_SETUP_ARGUMENT', noChannel(name, Object.keys(configured)));
  const channels = await openChannels(configured);
  try {
    const { kind, outcome, reason } = await channels.sendTest(name);
    if (outcome === 'delivered') {
      process.stdout.write(`${name} (${kind}): the test was delivered\n`);
    } else {
      process.stderr.write(`${name} (${kind}): the test was not delivered: ${reason}\n`);
      process.exitCode = 1;
    }
  } finally {
    channels.close();
  }
}

function noChannel(name: string, known: readonly string[]): string {
  return known.length === 0 ? `no such channel: ${name}; alerts.channels has none` : `no such channel: ${name}; there are ${known.join(', ')}`;
}

/** Shows the rules that the service looks at, and what is done about them. */
export function listRulesCommand({ json = false }: { readonly json?: boolean }): void {
  const { alerts } = readSettings().config;
  const rules = effectiveRules(alerts);
  if (json) {
    process.stdout.write(`${JSON.stringify({ enabled: alerts.enabled, rules: rules.map(({ rule, origin }) => ({ ...rule, origin })) }, null, 2)}\n`);
    return;
  }
  if (!alerts.enabled) process.stdout.write('! alerts.enabled is false: nothing is looked at\n');
  const actionsOf = (name: string): string => alerts.healing.flatMap(({ rule, action }) => (rule === name ? [action] : [])).join(' ');
  process.stdout.write(
    table(
      ['rule', 'severity', 'fires when', 'for', 'from', 'actions'],
      rules.map((each) => rowOf(each, actionsOf)),
    ),
  );
}

function rowOf({ rule, origin }: EffectiveRule, actionsOf: (rule: string) => string): string[] {
  return [rule.name, rule.severity, conditionOf(rule), `${rule.forMs / 1000} s`, origin, actionsOf(rule.name) || '-'];
}

function conditionOf({ metric, labels, rateOverMs, quantile, reduce, by, comparison, value, firesWhenAbsent }: AlertRule): string {
  const matchers = Object.entries(labels).map(([name, label]) => `${name}="${label}"`);
  const series = `${metric}${matchers.length === 0 ? '' : `{${matchers.join(',')}}`}`;
  const rated = rateOverMs === undefined ? series : `rate(${series}, ${rateOverMs / 1000} s)`;
  const reduced = reduce === undefined ? rated : `${reduce}${by.length === 0 ? '' : ` by ${by.join(', ')}`} (${rated})`;
  const taken = quantile === undefined ? reduced : `quantile ${quantile} of ${reduced}`;
  return `${taken} ${comparison} ${value}${firesWhenAbsent ? ', or absent' : ''}`;
}
