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
  readonly #byGame = new Map<string, PermissionTable>();
  readonly #registered = new Set<string>();
  #version = 0;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: a pattern is malformed */
  constructor(options: RightsOptions = {}) {
    const { common, byGame } = definitionsOf(options);
    this.#common = new PermissionTable(common);
    for (const [game, roles] of byGame) this.#byGame.set(game, new PermissionTable(roles));
  }

  /**
   * Puts other roles in the place of those before, also for sessions that are open. O(sets × permissions).
   *
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: a pattern is malformed; then nothing has changed
   */
  redefine(options: RightsOptions): void {
    const { common, byGame } = definitionsOf(options);
    // Whatever is malformed is found here, before the first of them changes.
    const fresh = new Map(Array.from(byGame, ([game, roles]) => [game, new PermissionTable(roles)]));
    this.#version += 1;
    this.#common.redefine(common);
    for (const game of this.#byGame.keys()) if (!fresh.has(game)) this.#byGame.delete(game);
    for (const [game, table] of fresh) {
      for (const permission of this.#registered) table.register(permission);
      this.#byGame.set(game, table);
    }
  }

  /** Counts up with every {@link redefine}, for who remembers what somebody may do. */
  get version(): number {
    return this.#version;
  }

  /** The roles that there are, in whichever game. */
  get roles(): readonly string[] {
    return [...new Set([this.#common, ...this.#byGame.values()].flatMap(({ roles }) => roles))];
  }

  /**
   * Whether a caller has in these games whatever a role gives there.
   *
   * @param games `'*'`: in every game, also in those to come
   */
  covers(caller: Pick<Principal, 'roles'>, role: string, games: readonly string[] | '*'): boolean {
    const tables = games === '*' ? [this.#common, ...this.#byGame.values()] : games.map((game) => this.#byGame.get(game) ?? this.#common);
    return tables.every((table) => table.covers(caller, role));
  }

  /** Makes the question for a permission a bit test, once it has been asked for the first time. */
  register(permission: string): void {
    if (this.#registered.has(permission)) return;
    this.#registered.add(permission);
    this.#common.register(permission);
    for (const table of this.#byGame.values()) table.register(permission);
  }

  /** What a caller may do in a game. O(1) where games do not differ. */
  of(principal: Principal): (gameId: string) => PermissionSet {
    const common = this.#common.compile(principal);
    // Asked anew each time: a game may come to differ, or no longer.
    return (gameId) => (this.#byGame.size === 0 ? common : (this.#byGame.get(gameId)?.compile(principal) ?? common));
  }
}

function definitionsOf({ roles = {}, rolesOf = {} }: RightsOptions): { common: RoleDefinitions; byGame: ReadonlyMap<string, RoleDefinitions> } {
  const common = { ...standardRoles, ...roles };
  const differing = Object.entries(rolesOf).filter(([, own]) => Object.keys(own).length > 0);
  return { common, byGame: new Map(differing.map(([game, own]) => [game, { ...common, ...own }])) };
}
