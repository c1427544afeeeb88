import { type ApiKeyRecord, type ApiKeyStore, isRole } from '@midgard/auth';
import { type Database, type Patch, type ReadOptions, type Row, createdAt, defineEntity, json, text, timestamp, updatedAt, version } from '@midgard/dao';
import { z } from 'zod';
import type { ServiceAudit } from './audit/service-audit.ts';

/** API keys at rest: what tells them apart, what they may do, and a keyed hash; never the key itself. */
export const apiKey = defineEntity('api_key', {
  columns: {
    id: text(32),
    hash: text(64),
    role: text(32),
    games: json(),
    operations: json().nullable(),
    label: text(200),
    expiresAt: timestamp().nullable(),
    revokedAt: timestamp().nullable(),
    lastUsedAt: timestamp().nullable(),
    replacedBy: text(32).nullable(),
    version: version(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  key: ['id'],
  indexes: [{ on: ['revokedAt'] }, { on: ['expiresAt'] }],
});

const storedGames = z.union([z.literal('*'), z.array(z.string())]);
const storedOperations = z.array(z.string()).nullable();
const storedRole = z.string().refine(isRole);

/** A key that another instance made is accepted at once, and one that it revoked refused: no replica may be asked, which could be behind. */
const asWritten: ReadOptions = { freshness: 'newest' };

/** Keeps API keys in the service's own database, so that a key made or revoked by the command line is seen by the running service. */
export function apiKeyStore(database: Pick<Database, 'read' | 'transaction'>, audit: ServiceAudit): ApiKeyStore {
  const change = changeKey(database, audit);
  return {
    find: async (id) => {
      const row = await database.read((session) => session.dao(apiKey).get({ id }), asWritten);
      return row === undefined ? undefined : toRecord(row);
    },
    insert: async (record) => {
      await database.transaction(async (session) => {
        const { hash: _, ...after } = await session.dao(apiKey).insert(toRow(record));
        await audit.append(session, { operation: 'key.create', entity: apiKey.name, subject: record.id, changes: { before: null, after } });
      });
    },
    list: async () => {
      const rows = await database.read((session) => session.dao(apiKey).find({ orderBy: 'createdAt' }), asWritten);
      return rows.map(toRecord);
    },
    touch: async (id, at) => {
      await change(null, id, () => ({ lastUsedAt: new Date(at) }));
    },
    retire: (id, { expiresAt, replacedBy }) => change('key.rotate', id, () => ({ expiresAt: new Date(expiresAt), replacedBy })),
    revoke: (id, at) => change('key.revoke', id, ({ revokedAt }) => ({ revokedAt: revokedAt ?? new Date(at) })),
  };
}

type KeyChange = (row: Row<typeof apiKey>) => Patch<typeof apiKey>;

/** @returns what changes a key, with an entry in the audit log unless its name is null, and tells whether there is such a key */
function changeKey(
  database: Pick<Database, 'transaction'>,
  audit: ServiceAudit,
): (operation: string | null, id: string, change: KeyChange) => Promise<boolean> {
  return (operation, id, change) =>
    database.transaction(async (session) => {
      const row = await session.dao(apiKey).get(id, { forUpdate: true });
      if (row === undefined) return false;
      const patch = change(row);
      await session.dao(apiKey).update(id, patch);
      if (operation !== null) await audit.append(session, { operation, entity: apiKey.name, subject: id, changes: { before: pick(row, patch), after: patch } });
      return true;
    });
}

function pick(row: Row<typeof apiKey>, patch: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name in patch));
}

function toRecord(row: Row<typeof apiKey>): ApiKeyRecord {
  return {
    id: row.id,
    hash: row.hash,
    role: storedRole.parse(row.role),
    games: storedGames.parse(row.games),
    operations: storedOperations.parse(row.operations),
    label: row.label,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt?.getTime() ?? null,
    revokedAt: row.revokedAt?.getTime() ?? null,
    lastUsedAt: row.lastUsedAt?.getTime() ?? null,
    replacedBy: row.replacedBy,
  };
}

function toRow({ id, hash, role, games, operations, label, expiresAt, revokedAt }: ApiKeyRecord) {
  return {
    id,
    hash,
    role,
    games,
    operations: operations === null ? null : [...operations],
    label,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    revokedAt: revokedAt === null ? null : new Date(revokedAt),
  };
}
