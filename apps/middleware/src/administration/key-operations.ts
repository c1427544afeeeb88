import { isOperationScope, isRole } from '@midgard/auth';
import { type Operation, read, text, Timestamp, TimestampInput, write } from '@midgard/game-kit';
import { z } from 'zod';
import { changing as changingService, looking as lookingAtService } from '../service/answered-elsewhere.ts';

/** Who may make and end keys; the role admin may. */
const permission = 'admin:keys';
const daySeconds = 86_400;

const KeyId = text(1, 32).describe('Id of a key: what stands between its second and third underscore');
const Role = z.string().refine(isRole, { error: 'a role: lower-case letters, digits and dashes, at most 32' });
const Scope = z.string().max(128).refine(isOperationScope, { error: 'an operation such as order.create, or order.* for all of its kind' });

/** What the operations take. */
export const keyInputs = {
  none: z.strictObject({}),
  create: z.strictObject({
    role: Role,
    operations: z.array(Scope).min(1).max(256).optional().describe('Operations that it is for; without them all that its role grants'),
    label: text(1, 200).describe('Who holds it, and what for'),
    expiresAt: TimestampInput.optional().describe('Without it, it does not expire'),
  }),
  id: z.strictObject({ id: KeyId }),
  rotate: z.strictObject({
    id: KeyId,
    overlapSeconds: z
      .int()
      .min(0)
      .max(365 * daySeconds)
      .default(daySeconds)
      .describe('How long the old key is still good'),
  }),
} as const;

const shown = {
  id: z.string(),
  role: z.string(),
  games: z.union([z.literal('*'), z.array(z.string())]),
  operations: z.array(z.string()).nullable().describe('null: all that its role grants'),
  label: z.string(),
  createdAt: Timestamp,
  expiresAt: Timestamp.nullable(),
};
const Made = z.strictObject({ key: z.string().describe('The key itself: it is told here and never again'), ...shown });
const Listed = z.strictObject({
  ...shown,
  revokedAt: Timestamp.nullable(),
  lastUsedAt: Timestamp.nullable().describe('To the minute'),
  replacedBy: z.string().nullable().describe('Id of the key that takes its place'),
});

/** What all of them have in common: no player may call them, and they touch no row of a game. */
const looking = { ...lookingAtService, permission } as const;
const changing = { ...changingService, permission } as const;

/** Operations on the API keys that are good for a game, for admins. Their codes are among those that games leave to the middleware. */
export const keyOperations = {
  list: read({
    code: 80,
    name: 'apiKey.list',
    http: 'GET /api-keys',
    summary: 'The API keys that are good for this game, without their secrets',
    input: keyInputs.none,
    output: z.strictObject({ items: z.array(Listed) }),
    ...looking,
  }),
  create: write({
    code: 81,
    name: 'apiKey.create',
    http: 'POST /api-keys',
    summary: 'A new API key for this game',
    input: keyInputs.create,
    output: Made,
    ...changing,
  }),
  revoke: write({
    code: 82,
    name: 'apiKey.revoke',
    http: 'DELETE /api-keys/:id',
    summary: 'Refuse an API key for good, in every instance within a second',
    input: keyInputs.id,
    output: z.strictObject({ id: z.string(), revoked: z.literal(true) }),
    ...changing,
  }),
  rotate: write({
    code: 83,
    name: 'apiKey.rotate',
    http: 'POST /api-keys/:id/rotate',
    summary: 'A new API key that may do the same; the old one is good for a while yet',
    input: keyInputs.rotate,
    output: Made,
    ...changing,
  }),
} as const satisfies Readonly<Record<string, Operation>>;
