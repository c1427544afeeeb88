import { type PermissionSet, PermissionTable, type Principal, type RoleDefinitions, standardRoles } from '@midgard/auth';

/** What roles may do. */
export interface RightsOptions {
  /** In every game; what is not named is as of {@link standardRoles}. */
  readonly roles?: RoleDefinitions;
  /** By id of a game: what a role may do there instead. */
  readonly rolesOf?: Readonly<Record<string, RoleDefinitions>>;
}

/** What callers may do, in each game: one table for all, and one for each game that differs. */
export class Rights {
  readonly #common: PermissionTable;
  readonly #byGame: ReadonlyMap<string, PermissionTable>;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: a pattern is malformed */
  constructor({ roles = {}, rolesOf = {} }: RightsOptions = {}) {
    const common = { ...standardRoles, ...roles };
    this.#common = new PermissionTable(common);
    this.#byGame = new Map(
      Object.entries(rolesOf).flatMap(([game, own]) => (Object.keys(own).length === 0 ? [] : [[game, new PermissionTable({ ...common, ...own })]])),
    );
  }

  /** Makes the question for a permission a bit test, once it has been asked for the first time. */
  register(permission: string): void {
    this.#common.register(permission);
    for (const table of this.#byGame.values()) table.register(permission);
  }

  /** What a caller may do in a game. O(1) where games do not differ. */
  of(principal: Principal): (gameId: string) => PermissionSet {
    const common = this.#common.compile(principal);
    if (this.#byGame.size === 0) return () => common;
    return (gameId) => this.#byGame.get(gameId)?.compile(principal) ?? common;
  }
}
