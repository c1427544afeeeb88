import { z } from 'zod';
import { HealthError } from '../errors.ts';
import type { Matcher } from './matcher.ts';
import type { AlertRule, AlertRuleInput, Inhibition, InhibitionInput, Route, RouteInput } from './rule.ts';

const dayMs = 86_400_000;
const Milliseconds = z
  .int()
  .min(0)
  .max(30 * dayMs);
/** Also of what goes into file names and headers, so no blanks. */
const Name = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'a letter and at most 63 more letters, digits, ".", "_" or "-"');
const MetricName = z.string().regex(/^[A-Za-z_:][\w:]{0,199}$/, 'a name of a metric');
const LabelName = z.string().regex(/^(?!__)[A-Za-z_]\w{0,99}$/, 'a name of a label');
const LabelValue = z.string().max(1000);
const LabelMap = z.record(LabelName, LabelValue);
const Values = z.union([LabelValue, z.array(LabelValue).min(1).max(100)]);

/** A matcher. */
export const matcherSchema: z.ZodType<Matcher, Matcher> = z.union([
  z.strictObject({ label: LabelName, is: Values }),
  z.strictObject({ label: LabelName, isNot: Values }),
]);

/** A rule, with its bounds and defaults. */
export const alertRuleSchema: z.ZodType<AlertRule, AlertRuleInput> = z
  .strictObject({
    name: Name.describe('Unique; the label alertname'),
    metric: MetricName.describe('As it is exposed; with quantile the name of a histogram without its _bucket'),
    labels: LabelMap.default({}).describe('Only series with these labels'),
    rateOverMs: Milliseconds.min(1000).optional().describe('Takes the increase of a counter per second, over this time'),
    quantile: z.number().min(0).max(1).optional().describe('Takes this quantile of a histogram'),
    reduce: z.enum(['sum', 'max', 'min', 'avg']).optional().describe('Makes one value of all series, or of those alike in by'),
    by: z.array(LabelName).max(10).default([]).describe('Labels that remain when series are reduced'),
    comparison: z.enum(['>', '>=', '<', '<=', '==', '!=']),
    value: z.number(),
    forMs: Milliseconds.default(0).describe('How long it must hold before it fires'),
    keepFiringMs: Milliseconds.default(0).describe('How long it goes on firing when it no longer holds'),
    firesWhenAbsent: z.boolean().default(false).describe('Fires when no series matches'),
    severity: z.enum(['info', 'warning', 'critical']).default('warning'),
    summary: z
      .string()
      .min(1)
      .max(500)
      .default('{{name}}: {{value}}')
      .describe('One line, with {{name}}, {{severity}}, {{value}}, {{threshold}}, {{labels.game}}'),
    description: z.string().max(2000).optional(),
    addLabels: LabelMap.default({}).describe('Labels of the alert besides those of its series'),
  })
  .refine(({ by, reduce }) => by.length === 0 || reduce !== undefined, { path: ['by'], message: 'only together with reduce' })
  .refine(({ quantile, reduce }) => quantile === undefined || reduce === undefined || reduce === 'sum', {
    path: ['reduce'],
    message: 'only sum together with quantile',
  });

/** Rules, of which no two have one name. */
export const alertRulesSchema: z.ZodType<AlertRule[], AlertRuleInput[]> = z
  .array(alertRuleSchema)
  .max(1000)
  .superRefine((rules, context) => {
    for (const [at, { name }] of rules.entries()) {
      if (rules.findIndex((other) => other.name === name) < at) context.addIssue({ code: 'custom', path: [at, 'name'], message: `${name} stands twice` });
    }
  });

/** A route, with its bounds and defaults, which are those of Alertmanager. */
export const routeSchema: z.ZodType<Route, RouteInput> = z.strictObject({
  match: z.array(matcherSchema).max(20).default([]).describe('All must match; none matches everything'),
  channels: z.array(Name).max(20).describe('Names of channels; none keeps these alerts quiet'),
  groupBy: z.array(LabelName).max(20).default(['alertname']).describe('Alerts alike in these labels are told of together'),
  groupWaitMs: Milliseconds.default(30_000).describe('How long a new group waits for more alerts'),
  groupIntervalMs: Milliseconds.min(1000).default(300_000).describe('Least time from one message of a group to the next'),
  repeatIntervalMs: Milliseconds.min(1000).default(14_400_000).describe('When nothing has changed, it is said again after this time'),
  sendResolved: z.boolean().default(true).describe('Says when alerts are over, too'),
  isContinued: z.boolean().default(false).describe('What matches goes on to the routes behind'),
});

/** An inhibition. */
export const inhibitionSchema: z.ZodType<Inhibition, InhibitionInput> = z.strictObject({
  source: z.array(matcherSchema).min(1).max(20),
  target: z.array(matcherSchema).min(1).max(20),
  equal: z.array(LabelName).max(20).default([]),
});

/** A silence as an operator asks for it. */
export interface SilenceInput {
  /** At least one: an empty silence would silence everything. */
  readonly matchers: readonly Matcher[];
  /** Epoch milliseconds; default now. */
  readonly from?: number | undefined;
  /** Epoch milliseconds, after `from`. */
  readonly until: number;
  readonly author: string;
  readonly comment: string;
}

/** A silence as an operator asks for it. */
export const silenceSchema: z.ZodType<SilenceInput, SilenceInput> = z.strictObject({
  matchers: z.array(matcherSchema).min(1).max(20),
  from: z.int().min(0).optional().describe('Epoch milliseconds; default now'),
  until: z.int().min(0).describe('Epoch milliseconds'),
  author: z.string().min(1).max(100),
  comment: z.string().min(1).max(500),
});

/**
 * @param field what it is called where it is written down, for the message
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming each field that is wrong and what was expected
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, field: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => `${[field, ...path.map(String)].join('.')}: ${message}`);
  throw new HealthError('ERR_HEALTH_OPTIONS', faults.join('; '));
}
