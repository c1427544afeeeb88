import type { Database } from '@midgard/dao';
import { type ExecuteRequest, MidgardError, type Operation, read, text, write } from '@midgard/game-kit';
import { type AlertReport, type Alerts, HealthError, matcherSchema, type SilenceReport } from '@midgard/health';
import { z } from 'zod';
import type { ServiceAct, ServiceAudit } from '../audit/service-audit.ts';
import { changing, looking } from '../service/answered-elsewhere.ts';
import type { ServiceRun } from '../service/service-operations.ts';

/** Who may look at alerts and silence them; the roles admin and operator may. */
const permission = 'admin:alerts';

const Moment = z.iso.datetime({ precision: 3 });
/** Not `TimestampInput`, which becomes a date: runs parse what was parsed before. */
const MomentInput = z.iso.datetime({ offset: true, error: 'a time in ISO 8601, such as 2026-01-31T12:00:00Z' });
const Labels = z.record(z.string(), z.string());

const AlertShape = z.strictObject({
  fingerprint: z.string(),
  rule: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  state: z.enum(['pending', 'firing', 'resolved']),
  labels: Labels,
  summary: z.string(),
  description: z.string().nullable(),
  value: z.number().nullable().describe('When it last held; null where the metric is absent'),
  activeAt: Moment,
  firedAt: Moment.nullable(),
  silencedBy: z.array(z.string()).describe('Ids of silences'),
  isInhibited: z.boolean(),
});

const SilenceShape = z.strictObject({
  id: z.string(),
  state: z.enum(['pending', 'active', 'expired']),
  matchers: z.array(matcherSchema),
  from: Moment,
  until: Moment,
  author: z.string(),
  comment: z.string(),
  createdAt: Moment,
});

const nothing = z.strictObject({});
const silenceInput = z.strictObject({
  matchers: z.array(matcherSchema).min(1).max(20).describe('All must match, such as [{"label": "alertname", "is": "MidgardCacheAway"}]'),
  from: MomentInput.optional().describe('Default: now'),
  until: MomentInput,
  comment: text(1, 500).describe('Why, for those who wonder'),
});
const expireInput = z.strictObject({ id: text(1, 100) });

/** What can be asked about alerts. */
export const alertsAsked = {
  list: read({
    code: 72,
    name: 'alert.list',
    permission,
    http: 'GET /api/v1/alerts',
    summary: 'Alerts of this instance that are pending or fire, the worst first',
    input: nothing,
    output: z.strictObject({ items: z.array(AlertShape) }),
    ...looking,
  }),
  silences: read({
    code: 73,
    name: 'silence.list',
    permission,
    http: 'GET /api/v1/silences',
    summary: 'Silences of this instance, the youngest first',
    input: nothing,
    output: z.strictObject({ items: z.array(SilenceShape) }),
    ...looking,
  }),
  silence: write({
    code: 74,
    name: 'silence.create',
    permission,
    http: 'POST /api/v1/silences',
    summary: 'Keep alerts that match quiet for a while, in this instance; actions still run',
    input: silenceInput,
    output: SilenceShape,
    ...changing,
  }),
  expire: write({
    code: 75,
    name: 'silence.expire',
    permission,
    http: 'POST /api/v1/silences/expire',
    summary: 'End a silence now',
    input: expireInput,
    output: SilenceShape,
    ...changing,
  }),
} as const satisfies Readonly<Record<string, Operation>>;

/** What {@link alertOperations} works with. */
export interface AlertOperationsParts {
  readonly alerts: Pick<Alerts, 'list' | 'silences'>;
  readonly audit: ServiceAudit;
  readonly database: Database;
}

/** Looking at alerts and silencing them, the latter noted in the service's audit log under the caller's name. */
export function alertOperations({ alerts, audit, database }: AlertOperationsParts): readonly (readonly [Operation, ServiceRun])[] {
  const { silences } = alerts;
  const note = async ({ caller, origin, operation }: ExecuteRequest, act: Pick<ServiceAct, 'subject' | 'changes'>): Promise<void> =>
    audit.of(callerOf(caller), origin).note(database, { operation: operation.name, entity: 'silence', ...act });
  const stateOf = (id: string): SilenceReport => silences.list().find((silence) => silence.id === id) ?? missing();
  const silence: ServiceRun = async (input, request) => {
    const { matchers, from, until, comment } = silenceInput.parse(input);
    const author = callerOf(request.caller).subject;
    const added = told(() => silences.add({ matchers, from: from === undefined ? undefined : Date.parse(from), until: Date.parse(until), author, comment }));
    try {
      await note(request, { subject: added.id, changes: { matchers, from: isoOf(added.from), until: isoOf(added.until), comment } });
    } catch (error) {
      // What nobody is answerable for is not to keep anybody in the dark.
      silences.expire(added.id);
      throw error;
    }
    return shownSilence(stateOf(added.id));
  };
  const expire: ServiceRun = async (input, request) => {
    const { id } = expireInput.parse(input);
    await note(request, { subject: stateOf(id).id, changes: {} });
    told(() => silences.expire(id));
    return shownSilence(stateOf(id));
  };
  return [
    [alertsAsked.list, async () => ({ items: alerts.list().map(shownAlert) })],
    [alertsAsked.silences, async () => ({ items: silences.list().map(shownSilence) })],
    [alertsAsked.silence, silence],
    [alertsAsked.expire, expire],
  ];
}

function callerOf(caller: ExecuteRequest['caller']): NonNullable<ExecuteRequest['caller']> {
  if (caller === null) throw new MidgardError('notAuthenticated', '');
  return caller;
}

function missing(): never {
  throw new MidgardError('notFound', 'there is no silence of that id');
}

/** In the words of the protocol. */
function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof HealthError)) throw error;
    throw new MidgardError(error.code === 'ERR_HEALTH_UNKNOWN' ? 'notFound' : 'invalidInput', error.message);
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function shownAlert(alert: AlertReport): z.input<typeof AlertShape> {
  const { fingerprint, rule, severity, state, labels, annotations, value, activeAt, firedAt, silencedBy, isInhibited } = alert;
  return {
    fingerprint,
    rule,
    severity,
    state,
    labels,
    summary: annotations['summary'] ?? '',
    description: annotations['description'] ?? null,
    value: Number.isFinite(value) ? value : null,
    activeAt: isoOf(activeAt),
    firedAt: firedAt === undefined ? null : isoOf(firedAt),
    silencedBy: [...silencedBy],
    isInhibited,
  };
}

function shownSilence({ matchers, from, until, createdAt, ...silence }: SilenceReport): z.input<typeof SilenceShape> {
  return { ...silence, matchers: [...matchers], from: isoOf(from), until: isoOf(until), createdAt: isoOf(createdAt) };
}
