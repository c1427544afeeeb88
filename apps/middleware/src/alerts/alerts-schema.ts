import { alertRulesSchema, channelSettingsSchema, healingBindingSchema, inhibitionSchema, routeSchema } from '@midgard/health';
import { z } from 'zod';
import { builtInRules } from './built-in-rules.ts';
import { effectiveRules } from './effective-rules.ts';
import { knownActions } from './known-actions.ts';

const ChannelName = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'a letter and at most 63 more letters, digits, ".", "_" or "-"');

const Fields = z.strictObject({
  enabled: z.boolean().default(true).describe('Look at the metrics of this instance by rules'),
  intervalMs: z.int().min(100).max(3_600_000).default(15_000).describe('Time from one look to the next'),
  rules: alertRulesSchema.default([]).describe('Rules beside the built-in ones; one with the name of a built-in one takes its place'),
  disabledRules: z.array(z.string()).max(100).default([]).describe('Built-in rules that are not looked at'),
  channels: z
    .record(ChannelName, channelSettingsSchema)
    .default({})
    .describe('Where people or other services are told, by name. Addresses, secrets and headers are secrets'),
  routes: z
    .array(routeSchema)
    .max(100)
    .optional()
    .describe('Which alerts go to which channels, the first that matches counts. Without any, all alerts go to all channels'),
  inhibitions: z.array(inhibitionSchema).max(100).default([]).describe('Alerts that are not told of while others fire'),
  healing: z
    .array(healingBindingSchema)
    .max(100)
    .default([])
    .describe(`What is done when an alert fires: ${knownActions.join(', ')}`),
});

/** Alerts inside of the service: rules, whom they are told to, and what heals. */
export const alertsSchema = Fields.superRefine((alerts, context) => {
  for (const { path, message } of strayNames(alerts)) context.addIssue({ code: 'custom', path: [...path], message });
});

/** Settings of {@link alertsSchema}. */
export type AlertsConfig = z.output<typeof alertsSchema>;

interface Stray {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Names that nothing has: an alert that reaches nobody is noticed when it is too late. */
function strayNames({ rules, disabledRules, routes = [], channels, healing }: z.output<typeof Fields>): readonly Stray[] {
  const builtIn = builtInRules.map(({ name }) => name);
  const looked = effectiveRules({ rules, disabledRules }).map(({ rule }) => rule.name);
  return [
    ...unknownAmong(disabledRules, builtIn, 'a built-in rule', ['disabledRules']),
    ...rules.flatMap(({ name }, at) =>
      disabledRules.includes(name) ? [{ path: ['rules', at, 'name'], message: `expected a rule that is looked at: disabledRules has ${name}` }] : [],
    ),
    ...routes.flatMap((route, at) => unknownAmong(route.channels, Object.keys(channels), 'a channel', ['routes', at, 'channels'])),
    ...healing.flatMap(({ rule, action }, at) => [
      ...(looked.includes(rule) ? [] : [{ path: ['healing', at, 'rule'], message: `expected a rule that is looked at: ${looked.join(', ')}` }]),
      ...strayAction(action, at),
    ]),
  ];
}

function strayAction(action: string, at: number): readonly Stray[] {
  const path = ['healing', at, 'action'];
  const expected = `expected one of ${knownActions.join(', ')}`;
  // People know it from other services, and will look for it.
  if (action === 'restart-worker') return [{ path, message: `${expected}; there is one worker process, and nothing in it could restart it` }];
  return knownActions.some((name) => name === action) ? [] : [{ path, message: expected }];
}

function unknownAmong(names: readonly string[], known: readonly string[], what: string, path: Stray['path']): readonly Stray[] {
  const expected = known.length === 0 ? `expected ${what}, and there is none` : `expected ${what}: ${known.join(', ')}`;
  return names.flatMap((name, at) => (known.includes(name) ? [] : [{ path: [...path, at], message: expected }]));
}
