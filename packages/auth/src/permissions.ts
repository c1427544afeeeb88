import { AuthError } from './errors.ts';
import type { Principal } from './principal.ts';
import { standardRoles } from './roles.ts';

/** Role → patterns, as {@link standardRoles}. */
export type RoleDefinitions = Readonly<Record<string, readonly string[]>>;

interface Pattern {
  readonly resource: string;
  readonly action: string;
}

interface RoleRights {
  readonly granted: readonly Pattern[];
  readonly denied: readonly Pattern[];
}

const permissionShape = /^([a-z][A-Za-z0-9-]*):([a-z][A-Za-z0-9-]*)$/;
const patternShape = /^(\*|[a-z][A-Za-z0-9-]*):(\*|[a-z][A-Za-z0-9-]*)$/;

/**
 * Turns roles into sets of bits, so that the question "may this session do that?" is one AND.
 *
 * Operations register their permission once at start and ask by the index; sets that were compiled earlier learn of it.
 * A role that the table does not have grants nothing, and a permission that is not of the form `resource:action` is granted to nobody.
 *
 * @example
 * ```ts
 * import { PermissionTable } from '@midgard/auth';
 *
 * const table = new PermissionTable();
 * const playerRead = table.register('player:read');
 * const rights = table.compile({ roles: ['viewer'] });
 * rights.hasIndex(playerRead); // true
 * rights.has('player:update'); // false
 * ```
 */
export class PermissionTable {
  #rights: ReadonlyMap<string, RoleRights>;
  readonly #indexes = new Map<string, number>();
  /** One set for each combination of roles in use, also of unknown ones, which may be defined later: principals with the same roles share it. */
  readonly #sets = new Map<string, PermissionSet>();

  /**
   * @param roles role → patterns, as {@link standardRoles}, which is the default
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: a pattern is malformed
   */
  constructor(roles: RoleDefinitions = standardRoles) {
    this.#rights = parseRoles(roles);
  }

  /** The roles of the table. */
  get roles(): readonly string[] {
    return [...this.#rights.keys()];
  }

  /**
   * Puts other roles in the place of those before. What was compiled changes at once, also in sessions that are open: nobody keeps a right
   * that was taken away. O(sets × permissions).
   *
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: a pattern is malformed; then nothing has changed
   */
  redefine(roles: RoleDefinitions): void {
    this.#rights = parseRoles(roles);
    for (const set of this.#sets.values()) for (const [permission, index] of this.#indexes) set.learn(permission, index);
  }

  /**
   * Whether somebody with these roles has whatever another role gives, of all the permissions that there can ever be: so that who hands out
   * a role hands out nothing but their own. O(named resources × named actions).
   */
  covers({ roles }: Pick<Principal, 'roles'>, role: string): boolean {
    const given = this.#rights.get(role);
    const held = roles.map((each) => this.#rights.get(each));
    const patterns = [given, ...held].flatMap((rights) => [...(rights?.granted ?? []), ...(rights?.denied ?? [])]);
    const [resources, actions] = [sidesOf(patterns.map(({ resource }) => resource)), sidesOf(patterns.map(({ action }) => action))];
    return resources.every((resource) =>
      actions.every((action) => {
        const permission = `${resource}:${action}`;
        return !allows(given, permission) || held.some((rights) => allows(rights, permission));
      }),
    );
  }

  /**
   * Gives a permission its place in the sets; the same one again has the same place. Call it with what the program
   * defines and never with text of a caller: places are not given back.
   *
   * @returns the index for {@link PermissionSet.hasIndex}
   * @throws {AuthError} `ERR_AUTH_OPTIONS`: not of the form `resource:action`
   */
  register(permission: string): number {
    const known = this.#indexes.get(permission);
    if (known !== undefined) return known;
    if (!permissionShape.test(permission)) throw new AuthError('ERR_AUTH_OPTIONS', `"${permission}" is not of the form resource:action`);
    const index = this.#indexes.size;
    this.#indexes.set(permission, index);
    for (const set of this.#sets.values()) set.learn(permission, index);
    return index;
  }

  /** The rights of a principal: the union of what its roles give. O(roles) once compiled for that combination. */
  compile({ roles }: Pick<Principal, 'roles'>): PermissionSet {
    const held = [...new Set(roles)].sort();
    const name = JSON.stringify(held);
    const compiled = this.#sets.get(name);
    if (compiled !== undefined) return compiled;
    const set = new PermissionSet(this.#indexes, (permission) => held.some((role) => allows(this.#rights.get(role), permission)));
    for (const [permission, index] of this.#indexes) set.learn(permission, index);
    this.#sets.set(name, set);
    return set;
  }
}

/** What one combination of roles may do. Made by {@link PermissionTable.compile}; keep it on the session. */
export class PermissionSet {
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #isGranted: (permission: string) => boolean;
  #bits = new Uint32Array(4);

  /**
   * @param indexes places of the registered permissions
   * @param isGranted what the roles say of a permission
   */
  constructor(indexes: ReadonlyMap<string, number>, isGranted: (permission: string) => boolean) {
    this.#indexes = indexes;
    this.#isGranted = isGranted;
  }

  /** Whether the permission at that index of the table is granted. A bit test; false for an index that was never given. */
  hasIndex(index: number): boolean {
    return ((this.#bits[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  /** Whether a permission is granted. One look-up and a bit test; for one that is not registered the patterns are read. */
  has(permission: string): boolean {
    const index = this.#indexes.get(permission);
    return index === undefined ? this.#isGranted(permission) : this.hasIndex(index);
  }

  /**
   * @throws {AuthError} `ERR_AUTH_FORBIDDEN`: the permission is not granted
   */
  require(permission: string): void {
    if (!this.has(permission)) throw new AuthError('ERR_AUTH_FORBIDDEN', `this needs the permission ${permission}`);
  }

  /** @internal the table calls it for each registered permission, and again when roles have changed */
  learn(permission: string, index: number): void {
    const word = index >>> 5;
    if (word >= this.#bits.length) {
      const longer = new Uint32Array(word * 2);
      longer.set(this.#bits);
      this.#bits = longer;
    }
    const bit = 1 << (index & 31);
    const others = (this.#bits[word] ?? 0) & ~bit;
    this.#bits[word] = this.#isGranted(permission) ? others | bit : others;
  }
}

function parseRoles(roles: RoleDefinitions): ReadonlyMap<string, RoleRights> {
  return new Map(
    Object.entries(roles).map(([role, patterns]) => {
      const [denied, granted] = [patterns.filter(isDenial), patterns.filter((pattern) => !isDenial(pattern))];
      return [role, { granted: granted.map(parsePattern), denied: denied.map((pattern) => parsePattern(pattern.slice(1))) }];
    }),
  );
}

/** The names on one side of patterns, and one that stands in none of them: patterns tell no others apart. */
function sidesOf(names: readonly string[]): readonly string[] {
  const named = new Set(names.filter((name) => name !== '*'));
  let other = 'other';
  while (named.has(other)) other += 'x';
  return [...named, other];
}

function isDenial(pattern: string): boolean {
  return pattern.startsWith('!');
}

function parsePattern(pattern: string): Pattern {
  const [, resource, action] = patternShape.exec(pattern === '*' ? '*:*' : pattern) ?? [];
  if (resource === undefined || action === undefined) throw new AuthError('ERR_AUTH_OPTIONS', `"${pattern}" is not a permission pattern`);
  return { resource, action };
}

function allows(rights: RoleRights | undefined, permission: string): boolean {
  if (rights === undefined) return false;
  const { granted, denied } = rights;
  const [, resource, action] = permissionShape.exec(permission) ?? [];
  if (resource === undefined || action === undefined) return false;
  const matches = (pattern: Pattern): boolean =>
    (pattern.resource === '*' || pattern.resource === resource) && (pattern.action === '*' || pattern.action === action);
  return granted.some(matches) && !denied.some(matches);
}
