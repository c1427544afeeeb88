import { type ApiKeyRecord, type ApiKeyStore, isRole } from '@midgard/auth';
import { type Database, type Row, createdAt, defineEntity, json, text, timestamp, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';

/** API keys at rest: what tells them apart, what they may do, and a keyed hash; never the key itself. */
export const apiKey = defineEntity('api_key', {
  columns: {
    id: text(32),
    hash: text(64),
    role: text(32),
    games: json(),
    label: text(200),
    expiresAt: timestamp().nullable(),
    revokedAt: timestamp().nullable(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
});

const storedGames = z.union([z.literal('*'), z.array(z.string())]);
const storedRole = z.string().refine(isRole);

/** Keeps API keys in the service's own database, so that a key made or revoked by the command line is seen by the running service. */
export function apiKeyStore(database: Database): ApiKeyStore {
  return {
    find: async (id) => {
      const row = await database.read((session) => session.dao(apiKey).get({ id }));
      return row === undefined ? undefined : toRecord(row);
    },
    insert: async (record) => {
      await database.transaction((session) => session.dao(apiKey).insert(toRow(record)));
    },
    list: async () => {
      const rows = await database.read((session) => session.dao(apiKey).find({ orderBy: 'createdAt' }));
      return rows.map(toRecord);
    },
    revoke: (id, at) =>
      database.transaction(async (session) => {
        const keys = session.dao(apiKey);
        const row = await keys.get({ id });
        if (row !== undefined && row.revokedAt === null) await keys.update({ id }, { revokedAt: new Date(at) });
        return row !== undefined;
      }),
  };
}

function toRecord(row: Row<typeof apiKey>): ApiKeyRecord {
  return {
    id: row.id,
    hash: row.hash,
    role: storedRole.parse(row.role),
    games: storedGames.parse(row.games),
    label: row.label,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt?.getTime() ?? null,
    revokedAt: row.revokedAt?.getTime() ?? null,
  };
}

function toRow({ id, hash, role, games, label, expiresAt, revokedAt }: ApiKeyRecord) {
  return {
    id,
    hash,
    role,
    games,
    label,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    revokedAt: revokedAt === null ? null : new Date(revokedAt),
  };
}
