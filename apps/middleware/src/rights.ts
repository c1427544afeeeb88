import { roleNames } from '@midgard/auth';
import { ConfigError } from '@midgard/config';
import type { Database } from '@midgard/dao';
import type { Logger } from '@midgard/logging';
import { Rights, type RightsOptions } from '@midgard/server';
import type { ServiceAudit } from './audit/service-audit.ts';
import type { Config } from './config-schema.ts';

type RoleConfig = Pick<Config, 'auth' | 'games'>;

function definitionsOf({ auth, games }: RoleConfig): RightsOptions {
  return { roles: auth.roles, rolesOf: Object.fromEntries(Object.entries(games).map(([id, { roles }]) => [id, roles])) };
}

/** What roles may do, everywhere and in each game. */
export function rightsOf(config: RoleConfig): Rights {
  return new Rights(definitionsOf(config));
}

/** The roles that a key can have: all but that of players, who have tokens. */
export function keyRoles({ auth, games }: RoleConfig): readonly string[] {
  const own = [auth.roles, ...Object.values(games).map(({ roles }) => roles)].flatMap((roles) => Object.keys(roles));
  return [...new Set([...roleNames, ...own])].filter((role) => role !== 'player');
}

/** What {@link rolesReload} works with. */
export interface RolesReloadParts {
  readonly rights: Rights;
  /** What they were made from. */
  readonly config: RoleConfig;
  /** The service's own. */
  readonly database: Database;
  readonly audit: ServiceAudit;
  readonly log: Logger;
}

/**
 * Makes what takes up the roles of a configuration while the service runs. A faulty one changes nothing.
 *
 * The new roles count before they are noted: to take a right away must not wait for a database.
 *
 * @returns to be called with what reads the configuration
 */
export function rolesReload({ rights, config, database, audit, log }: RolesReloadParts): (read: () => { readonly config: RoleConfig }) => Promise<void> {
  let before = definitionsOf(config);
  return async (read) => {
    const after = attempt(() => {
      const definitions = definitionsOf(read().config);
      rights.redefine(definitions);
      return definitions;
    }, log);
    if (after === undefined) return;
    const isSame = JSON.stringify(after) === JSON.stringify(before);
    log.info({ isSame }, 'roles are as the configuration has them now; its other settings count from the next start');
    if (isSame) return;
    const changes = { before, after };
    before = after;
    await audit
      .note(database, { operation: 'roles.reload', entity: 'configuration', subject: 'roles', changes })
      .catch((error: unknown) => log.error({ err: error }, 'new roles could not be noted in the audit log'));
  };
}

function attempt(redefine: () => RightsOptions, log: Logger): RightsOptions | undefined {
  try {
    return redefine();
  } catch (error) {
    const reasons = error instanceof ConfigError ? error.issues.map(({ path, message }) => `${path}: ${message}`) : [];
    log.error(reasons.length > 0 ? { reasons } : { err: error }, 'the configuration is faulty: the roles stay as they were');
    return undefined;
  }
}
