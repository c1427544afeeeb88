import type { Database } from '@midgard/dao';
import { auditEntry } from '@midgard/game-kit';
import { type AuditKeyring, auditKeyring } from '../../audit/audit-key.ts';
import { serviceScope } from '../../audit/service-audit.ts';
import { readSettings } from '../../config.ts';
import type { Config } from '../../config-schema.ts';
import { databaseTrouble } from '../../database/database-trouble.ts';
import { resolveSecrets } from '../../secrets.ts';
import { SetupError } from '../../setup-error.ts';
import { listedDatabases } from '../listed-databases.ts';

/** A database with an audit log; it is not open. */
export interface AuditedDatabase {
  /** The game's id, or `service`. */
  readonly scope: string;
  readonly open: () => Promise<Database>;
}

/** What the commands on the audit log work with. */
export interface AuditSettings {
  readonly config: Config;
  readonly keyring: AuditKeyring;
  readonly databases: readonly AuditedDatabase[];
}

/**
 * @param scope the id of one game, or `service`; undefined: all
 * @throws {SetupError} `ERR_SETUP_ARGUMENT`: there is no such game
 */
export async function auditSettings(scope: string | undefined): Promise<AuditSettings> {
  const { config, isProduction } = readSettings();
  const keyring = await auditKeyring(config, isProduction);
  const listed = await listedDatabases(config, resolveSecrets(config, isProduction));
  const audited = listed.filter(({ entities }) => entities.some(({ name }) => name === auditEntry.name));
  const all = audited.map((each): AuditedDatabase => ({ scope: each.handler?.manifest.id ?? serviceScope, open: () => each.open() }));
  const databases = scope === undefined ? all : all.filter((database) => database.scope === scope);
  if (databases.length === 0)
    throw new SetupError('ERR_SETUP_ARGUMENT', `--game: there is no audit log of ${scope}; there are ${all.map((each) => each.scope).join(', ')}`);
  return { config, keyring, databases };
}

/** A database's trouble in one line. */
export function troubleOf(error: unknown): string {
  const { reason, advice } = databaseTrouble(error);
  return advice === undefined ? reason : `${reason}; ${advice}`;
}
