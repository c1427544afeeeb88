import type { Database } from '@midgard/dao';
import { MidgardError, type Operation, write } from '@midgard/game-kit';
import { z } from 'zod';
import type { ServiceAudit } from '../audit/service-audit.ts';
import { changing } from '../service/answered-elsewhere.ts';
import type { ServiceRun } from '../service/service-operations.ts';
import { CpuProfiler } from './cpu-profile.ts';
import type { HeapSnapshots } from './heap-snapshots.ts';

/** Who may look into the process; the role admin may. */
const permission = 'admin:profile';

const cpuInput = z.strictObject({
  seconds: z.int().min(1).max(25).default(10).describe('How long to look; less than server.http.requestTimeoutMs'),
  intervalUs: z.int().min(100).max(100_000).default(1000).describe('Microseconds between two looks at the stack'),
});

const takeCpuProfile = write({
  code: 70,
  name: 'profile.cpu',
  permission,
  http: 'POST /api/v1/profiles/cpu',
  summary: 'What the process does with its time, as a .cpuprofile',
  input: cpuInput,
  output: z.looseObject({ nodes: z.array(z.json()), startTime: z.number(), endTime: z.number() }),
  ...changing,
});

const takeHeapSnapshot = write({
  code: 71,
  name: 'profile.heap',
  permission,
  http: 'POST /api/v1/profiles/heap',
  summary: 'Writes all that is in memory to a file on the server; nothing else is done meanwhile',
  input: z.strictObject({}),
  output: z.strictObject({ file: z.string().describe('Below profiles/ in the data folder'), bytes: z.int(), blockedMs: z.int() }),
  ...changing,
});

/** What {@link profileOperations} works with. */
export interface ProfilingParts {
  readonly snapshots: HeapSnapshots;
  readonly audit: ServiceAudit;
  readonly database: Database;
}

/** What admins can ask of the process itself; each is noted in the service's audit log before it is done. */
export function profileOperations({ snapshots, audit, database }: ProfilingParts): readonly (readonly [Operation, ServiceRun])[] {
  const profiler = new CpuProfiler();
  const noted =
    (run: ServiceRun): ServiceRun =>
    async (input, request) => {
      const { operation, caller, origin } = request;
      if (caller === null) throw new MidgardError('notAuthenticated', '');
      await audit.of(caller, origin).note(database, { operation: operation.name, entity: 'process', subject: String(process.pid), changes: input });
      return run(input, request);
    };
  const cpu = noted(async (input, { signal }) => {
    const { seconds, intervalUs } = cpuInput.parse(input);
    return profiler.take({ durationMs: seconds * 1000, intervalUs, signal });
  });
  return [
    [takeCpuProfile, cpu],
    [takeHeapSnapshot, noted(() => snapshots.take())],
  ];
}
