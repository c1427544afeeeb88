import { MidgardError, type Operation, parseInput } from '@midgard/game-kit';
import { z } from 'zod';
import type { ServiceRun } from '../service/service-operations.ts';
import { alertsAsked } from './alert-operations.ts';

type Runs = readonly (readonly [Operation, ServiceRun])[];

/** What one worker has another do. No player is among those who may ask for it. */
const Job = z.object({
  operation: z.string(),
  input: z.record(z.string(), z.unknown()),
  caller: z.object({
    subject: z.string(),
    kind: z.enum(['apiKey', 'player', 'service']),
    roles: z.array(z.string()),
    games: z.union([z.literal('*'), z.array(z.string())]),
    playerId: z.null(),
    expiresAt: z.number().nullable(),
    issuedAt: z.number().nullable(),
    sessionId: z.string().nullable(),
  }),
  origin: z.object({ transport: z.string().optional(), address: z.string().optional(), requestId: z.union([z.string(), z.number()]).optional() }).optional(),
});

/** What came of it. */
const Outcome = z.union([z.object({ answer: z.unknown() }), z.object({ code: z.int(), message: z.string() })]);

/** The operations on alerts in a worker that has none itself: the one with the jobs is asked. */
export function forwardAlerts(seat: { askFirst(job: unknown): Promise<unknown> }): Runs {
  return Object.values(alertsAsked).map((operation) => [
    operation,
    async (input, { caller, origin }) => {
      const outcome = Outcome.parse(await seat.askFirst({ operation: operation.name, input, caller, origin }));
      if ('code' in outcome) throw MidgardError.fromBody(outcome);
      return outcome.answer;
    },
  ]);
}

/** Does what another worker was asked. @returns the outcome, also of what was refused */
export async function runAlertJob(runs: Runs, job: unknown): Promise<z.input<typeof Outcome>> {
  const { operation: name, input, caller, origin } = Job.parse(job);
  const found = runs.find(([operation]) => operation.name === name);
  if (found === undefined) throw new TypeError(`nothing runs ${name}`);
  const [operation, run] = found;
  try {
    return { answer: await run(parseInput(operation, input), { operation, input, caller, origin }) };
  } catch (error) {
    if (!MidgardError.is(error)) throw error;
    return { code: error.code, message: error.message };
  }
}
