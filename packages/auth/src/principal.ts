/** The roles that Midgard comes with. What a role may do is data: see {@link standardRoles}. */
export const roleNames = ['game-server', 'web', 'viewer', 'operator', 'admin', 'player'] as const;

/** The name of a role: one of {@link roleNames}, or one that a service defines besides. A name that its table does not have grants nothing. */
export type Role = string;

const roleShape = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Tells whether a value from outside (a row, a claim, a command line) could name a role: a–z, 0–9 and -, from a letter, at most 32.
 *
 * @param value anything
 */
export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && roleShape.test(value);
}

/** Who is asking, as any of the credentials proved it. Frozen: one value may serve many sessions. */
export interface Principal {
  /** Stable name of the caller, unique in this service: `key:<id>`, `<game>:player:<id>` or `server:<id>`. */
  readonly subject: string;
  readonly kind: 'apiKey' | 'player' | 'service';
  readonly roles: readonly Role[];
  /** Ids of the games that the caller may reach; `'*'` is every game. */
  readonly games: readonly string[] | '*';
  /** What alone the caller may call of what its roles grant, as {@link mayCall} reads it; absent: all of it. */
  readonly operations?: readonly string[];
  /** The player whose data alone the caller may see; null where the caller is no player. */
  readonly playerId: bigint | null;
  /** Epoch milliseconds after which the credential is no longer good; null: it does not expire. */
  readonly expiresAt: number | null;
  /** Epoch milliseconds, to the second, at which the credential was issued; null: it does not say. */
  readonly issuedAt: number | null;
  /** The log-in that the credential belongs to and ends with, unique in this service: `<game>:<id>`; null: it belongs to none. */
  readonly sessionId: string | null;
  /** Id of the key that signed the credential, with which it ends; absent where none did. */
  readonly signedBy?: string;
}

/**
 * Freezes a principal and its lists, so that nobody who shares it can raise its rights.
 *
 * @param principal taken over, not copied, except for its lists
 */
export function freezePrincipal(principal: Principal): Principal {
  const { operations } = principal;
  const games = principal.games === '*' ? principal.games : Object.freeze([...principal.games]);
  const own: Principal = { ...principal, games, roles: Object.freeze([...principal.roles]) };
  return Object.freeze(operations === undefined ? own : { ...own, operations: Object.freeze([...operations]) });
}
