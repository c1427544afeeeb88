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
