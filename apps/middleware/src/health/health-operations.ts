import { type Operation, read } from '@midgard/game-kit';
import type { ComponentReport, HealthMonitor } from '@midgard/health';
import { z } from 'zod';
import { looking } from '../service/answered-elsewhere.ts';
import type { ServiceRun } from '../service/service-operations.ts';
import { version } from '../version.ts';

/** Who may see how each part fares; the roles admin and operator may. */
const permission = 'admin:health';

const Status = z.enum(['unknown', 'up', 'degraded', 'down']);
const Component = z.strictObject({
  name: z.string(),
  kind: z.string(),
  isCritical: z.boolean().describe('Without it the service is not ready'),
  status: Status,
  reason: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  since: z.iso.datetime().describe('When it came to this status'),
  checkedAt: z.iso.datetime().nullable(),
  latencyMs: z.number().nullable().describe('How long the last look took'),
});
const overall = { status: Status, phase: z.enum(['warming', 'serving', 'draining']) };

const detailed = read({
  code: 64,
  name: 'health.detailed',
  permission,
  http: 'GET /health/detailed',
  summary: 'How the service and each of its parts fare',
  input: z.strictObject({}),
  output: z.strictObject({
    ...overall,
    version: z.string(),
    uptimeSeconds: z.int(),
    process: z.record(z.string(), z.number()),
    components: z.array(Component),
  }),
  ...looking,
});

const components = read({
  code: 65,
  name: 'health.components',
  permission,
  http: 'GET /health/components',
  summary: 'How each part fares; of one kind, if it is given',
  input: z.strictObject({ kind: z.string().max(32).optional().describe('database, replica, redis, queue, disk, process, cache, game') }),
  output: z.strictObject({ components: z.array(Component) }),
  ...looking,
});

/** What operators can ask about the health of the service. */
export function healthOperations(monitor: HealthMonitor): readonly (readonly [Operation, ServiceRun])[] {
  const all: ServiceRun = async () => {
    const { components: reports, ...rest } = await monitor.detailed();
    return { ...rest, version, uptimeSeconds: Math.floor(process.uptime()), process: processFigures(), components: reports.map(shownComponent) };
  };
  const some: ServiceRun = async ({ kind }) => {
    const { components: reports } = await monitor.detailed();
    return { components: reports.filter((each) => kind === undefined || each.kind === kind).map(shownComponent) };
  };
  return [
    [detailed, all],
    [components, some],
  ];
}

function shownComponent({ name, kind, isCritical, status, reason, details, since, checkedAt, latencyMs }: ComponentReport): z.output<typeof Component> {
  return {
    name,
    kind,
    isCritical,
    status,
    reason: reason ?? null,
    details,
    since: at(since),
    checkedAt: checkedAt === undefined ? null : at(checkedAt),
    latencyMs: latencyMs === undefined ? null : Math.round(latencyMs * 10) / 10,
  };
}

function at(time: number): string {
  return new Date(time).toISOString();
}

function processFigures(): Readonly<Record<string, number>> {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  return { pid: process.pid, rssBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
}
