import { createHmac, timingSafeEqual } from 'node:crypto';
import { defineGame, type ExternalAccount, MidgardError, standardEntities, standardOperations } from '@midgard/game-kit';
import { z } from 'zod';

/** What this game and its identity provider share; a real one has public keys. */
const providerKey = 'of the test alone';
const Claims = z.object({ sub: z.string(), name: z.string(), picture: z.string() });

/** What the provider gives a player who has logged in there. */
export function ticketOf(claims: z.output<typeof Claims>): string {
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${body}.${seal(body)}`;
}

function seal(body: string): string {
  return createHmac('sha256', providerKey).update(body).digest('base64url');
}

function accountOf(ticket: string): ExternalAccount {
  const [body = '', given = ''] = ticket.split('.');
  const right = Buffer.from(seal(body));
  const isRight = given.length === right.length && timingSafeEqual(Buffer.from(given), right);
  if (!isRight) throw new MidgardError('credentialInvalid', 'no ticket of the provider');
  const { sub, name } = Claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  return { externalId: `provider:${sub}`, name };
}

/** A game that keeps no passwords: its players log in with a ticket of an identity provider. */
export default defineGame({
  manifest: { id: 'ticket', number: 13, version: '1.0.0', title: 'Ticket' },
  entities: standardEntities,
  operations: standardOperations(),
  hooks: { login: (_, { password }) => accountOf(password) },
});
