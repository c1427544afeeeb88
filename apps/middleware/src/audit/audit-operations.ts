import { IdText, listOf, MidgardError, paging, read, text, Timestamp, TimestampInput } from '@midgard/game-kit';
import { z } from 'zod';

/** What {@link auditSearch} takes. */
export const auditSearchInput = z.strictObject({
  from: TimestampInput.optional().describe('From this moment on'),
  to: TimestampInput.optional().describe('Up to this moment, it excluded'),
  actor: text(1, 200).optional().describe('Such as key:abc or realm:player:42'),
  operation: text(1, 64).optional().describe('Such as wallet.debit'),
  entity: text(1, 64).optional(),
  subject: text(1, 200).optional().describe("The key of what it was done to, such as a player's id"),
  ...paging,
});

const Entry = z.strictObject({
  chain: z.int(),
  sequence: IdText,
  at: Timestamp,
  actor: z.string(),
  actorKind: z.string(),
  roles: z.string(),
  transport: z.string(),
  address: z.string(),
  requestId: z.string(),
  operation: z.string(),
  entity: z.string(),
  subject: z.string(),
  outcome: z.int().describe('0: done; else the code that it was refused with'),
  changes: z.json(),
  previous: z.string(),
  hash: z.string(),
});

/** Looks into the audit log of a game; the role admin may. Answered outside of a transaction, and noted itself. */
export const auditSearch = read({
  code: 96,
  name: 'audit.search',
  permission: 'admin:audit',
  http: 'GET /audit',
  summary: 'Entries of the audit log, newest first',
  input: auditSearchInput,
  output: listOf(Entry),
  owner: 'none',
  handle: () => {
    throw new MidgardError('internal', 'a search of the audit log reached the game');
  },
});
