import type { Exposition, Registry } from '@midgard/metrics';
import { z } from 'zod';
import type { Answers } from './channel.ts';
import { sharedDesk } from './shared-desk.ts';
import type { WorkerProcess } from './worker-process.ts';

const Page = z.enum(['prometheus', 'openmetrics']) satisfies z.ZodType<Exposition>;

/** What the primary answers workers with. */
export interface PrimaryAnswersParts {
  readonly registry: Registry;
  /** The worker that has the jobs that are done once. */
  readonly first: () => WorkerProcess | undefined;
  /** All workers are to refuse requests of little weight, or no longer. */
  readonly shed: (isOn: boolean) => void;
}

/** What workers ask the primary. */
export function primaryAnswers({ registry, first, shed }: PrimaryAnswersParts): Answers {
  return {
    ...sharedDesk(),
    page: (body) => registry.scrape(Page.parse(body)),
    snapshot: () => registry.snapshot(),
    shed: (body) => shed(z.boolean().parse(body)),
    job: (body) => first()?.channel.ask('job', body),
  };
}
