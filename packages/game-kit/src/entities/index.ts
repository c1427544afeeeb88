import type { Entity } from '@midgard/dao';
import { auditEntities } from './audit.ts';
import { deadWrite, idempotency, outbox, outboxHead, writeBehindLog } from './bookkeeping.ts';
import { character } from './character.ts';
import { credential, refreshToken, tokenRevocation } from './credential.ts';
import { item, itemEntry } from './item.ts';
import { gameOrder } from './order.ts';
import { player } from './player.ts';
import { wallet, walletEntry } from './wallet.ts';

/** The entities behind the standard operations; a game lists them before its own. */
export const standardEntities: readonly Entity[] = [
  player,
  character,
  item,
  itemEntry,
  wallet,
  walletEntry,
  gameOrder,
  credential,
  refreshToken,
  tokenRevocation,
  idempotency,
  outbox,
  outboxHead,
  writeBehindLog,
  deadWrite,
  ...auditEntities,
];

/** Entities that follow from others' changes: no operation declares them, and nothing is cached by them. */
export const bookkeepingEntities: ReadonlySet<string> = new Set(
  [itemEntry, walletEntry, tokenRevocation, idempotency, outbox, outboxHead, writeBehindLog, deadWrite, ...auditEntities].map(({ name }) => name),
);

/** Entities whose rows tell nothing that the audit log does not say anyway. */
export const unauditedEntities: ReadonlySet<string> = new Set(
  [idempotency, outbox, outboxHead, writeBehindLog, deadWrite, ...auditEntities].map(({ name }) => name),
);
