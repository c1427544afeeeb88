/** Every role that Midgard knows. What a role may do is data: see {@link standardRoles}. */
export const roleNames = ['game-server', 'web', 'viewer', 'operator', 'admin', 'player'] as const;

/** One of {@link roleNames}. */
export type Role = (typeof roleNames)[number];

const known: ReadonlySet<string> = new Set(roleNames);

/**
 * Tells whether a value from outside (a row, a claim, a command line) names a role.
 *
 * @param value anything
 */
export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && known.has(value);
}

/** Who is asking, as any of the credentials proved it. Frozen: one value may serve many sessions. */
export interface Principal {
  /** Stable name of the caller, unique in this service: `key:<id>`, `<game>:player:<id>` or `server:<id>`. */
  readonly subject: string;
  readonly kind: 'apiKey' | 'player' | 'service';
  readonly roles: readonly Role[];
  /** Ids of the games that the caller may reach; `'*'` is every game. */
  readonly games: readonly string[] | '*';
  /** The player whose data alone the caller may see; null where the caller is no player. */
  readonly playerId: bigint | null;
  /** Epoch milliseconds after which the credential is no longer good; null: it does not expire. */
  readonly expiresAt: number | null;
}

/**
 * Freezes a principal and its lists, so that nobody who shares it can raise its rights.
 *
 * @param principal taken over, not copied, except for its lists
 */
export function freezePrincipal(principal: Principal): Principal {
  const games = principal.games === '*' ? '*' : Object.freeze([...principal.games]);
  return Object.freeze({ ...principal, games, roles: Object.freeze([...principal.roles]) });
}
