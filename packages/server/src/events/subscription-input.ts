import { MidgardError } from '@midgard/errors';
import { z } from 'zod';

/** Most topics of one call. */
export const maxTopics = 64;

const Subscription = z.strictObject({
  game: z.union([z.string().max(64), z.int()]),
  topics: z.array(z.string().max(64)).min(1).max(maxTopics),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
});

/** What `subscribe` and `unsubscribe` take. */
export interface SubscriptionInput {
  readonly game: string | number;
  readonly topics: readonly string[];
  /** Id of the last event that the client has: what came behind it is told, as far as it is kept. */
  readonly after?: string | undefined;
}

/** @throws {MidgardError} 2001 with the path of every fault */
export function parseSubscription(input: unknown): SubscriptionInput {
  const parsed = Subscription.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message, code }) => ({ path: path.join('.'), message, expected: code }));
  throw new MidgardError('invalidInput', `a subscription is {game, topics, after?}, with at most ${maxTopics} topics`, { details: { issues } });
}
