import { createdAt, defineEntity, id, text, timestamp, updatedAt, version } from '@midgard/dao';

/** A player's password, as an argon2id hash; nothing else of it is stored anywhere. The name is the one to log in with. */
export const credential = defineEntity('credential', {
  columns: { playerId: id(), name: text(64), passwordHash: text(256), version: version(), createdAt: createdAt(), updatedAt: updatedAt() },
  key: ['playerId'],
  indexes: [{ on: ['name'], unique: true }],
});

/**
 * A refresh token, as its SHA-256. Each is good for one use, which makes the next of the same family; a second use of
 * one shows that it was stolen and ends the family.
 */
export const refreshToken = defineEntity('refresh_token', {
  columns: {
    hash: text(64),
    familyId: id(),
    playerId: id(),
    expiresAt: timestamp(),
    usedAt: timestamp().nullable(),
    revokedAt: timestamp().nullable(),
    createdAt: createdAt(),
  },
  key: ['hash'],
  indexes: [{ on: ['familyId'] }, { on: ['playerId'] }],
  cacheBy: 'playerId',
});

/**
 * Access tokens that are refused before their time: those of one log-in, or all that a player had until then. Written in the
 * transaction that ended the log-in or the player, read by every instance a few times a second, kept while such a token could live.
 */
export const tokenRevocation = defineEntity('token_revocation', {
  columns: { id: id(), playerId: id(), familyId: id().nullable(), revokedAt: timestamp(), forgetAt: timestamp() },
  key: ['id'],
  indexes: [{ on: ['revokedAt'] }, { on: ['forgetAt'] }],
});
