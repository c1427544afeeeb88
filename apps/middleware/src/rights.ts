import { roleNames } from '@midgard/auth';
import type { Database } from '@midgard/dao';
import type { Logger } from '@midgard/logging';
import { Rights, type RightsOptions } from '@midgard/server';
import type { ServiceAudit } from './audit/service-audit.ts';
import type { Config } from './config-schema.ts';
import type { Reloadable } from './reload.ts';

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

/** What {@link reloadableRoles} works with. */
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
 * Takes up the roles of a configuration while the service runs.
 *
 * The new roles count before they are noted: to take a right away must not wait for a database.
 */
export function reloadableRoles({ rights, config, database, audit, log }: RolesReloadParts): Reloadable {
  let before = definitionsOf(config);
  return {
    name: 'roles',
    prepare: (fresh) => {
      const after = definitionsOf(fresh);
      // Finds what is malformed before anything has changed.
      void new Rights(after);
      if (JSON.stringify(after) === JSON.stringify(before)) return undefined;
      return async () => {
        const changes = { before, after };
        rights.redefine(after);
        before = after;
        await audit
          .note(database, { operation: 'roles.reload', entity: 'configuration', subject: 'roles', changes })
          .catch((error: unknown) => log.error({ err: error }, 'new roles could not be noted in the audit log'));
      };
    },
  };
}
