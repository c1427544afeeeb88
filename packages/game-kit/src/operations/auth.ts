import { verifyPassword } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { z } from 'zod';
import type { Preparation } from '../context.ts';
import { read, write } from '../define-operation.ts';
import { Player } from '../entities/player.ts';
import type { ExternalAccount, LoginCredentials } from '../game.ts';
import { IdText } from '../wire/numbers.ts';
import { Name } from '../wire/text.ts';
import { Timestamp } from '../wire/time.ts';

const MAX_TOKEN_CHARACTERS = 8192;
const Token = z.string().min(1).max(MAX_TOKEN_CHARACTERS);
const LoggedInOutput = z.object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.int(), player: Player });

/** Logs a player in, by password unless the game has a hook of its own. */
export const login = write({
  code: 20,
  name: 'auth.login',
  public: true,
  http: 'POST /auth/login',
  summary: 'Log in by name and password',
  input: z.strictObject({ name: Name, password: z.string().min(1).max(MAX_TOKEN_CHARACTERS) }),
  output: LoggedInOutput,
  owner: 'any',
  idempotent: 'no',
  event: null,
  changes: { player: 'unknown', refresh_token: 'unknown' },
  // Failed ones too (ASVS 5 §16.3.1); who tries endlessly is stopped by the limits.
  audit: { of: 'all', subject: ({ name }) => ({ entity: 'credential', key: name }) },
  prepare: (preparation, credentials) => throttled(preparation, credentials, preparation.login ?? byPassword),
  handle: async ({ logins, players }, _, who) => logins.begin(typeof who === 'bigint' ? who : (await players.ofAccount(who)).id),
});

/** The next pair of tokens for a refresh token, which is good once. */
export const refresh = write({
  code: 22,
  name: 'auth.refresh',
  public: true,
  http: 'POST /auth/refresh',
  summary: 'Trade a refresh token for new tokens',
  input: z.strictObject({ refreshToken: Token }),
  output: LoggedInOutput,
  owner: 'any',
  idempotent: 'no',
  event: null,
  changes: { refresh_token: 'unknown' },
  // Refused ones: a second use of a token is the sign of a theft.
  audit: { of: 'refused' },
  handle: ({ logins }, { refreshToken }) => logins.refresh(refreshToken),
});

/** Ends the log-in that a refresh token belongs to. */
export const logout = write({
  code: 23,
  name: 'auth.logout',
  permission: 'auth:logout',
  http: 'POST /auth/logout',
  summary: 'End a log-in',
  input: z.strictObject({ refreshToken: Token }),
  output: z.object({ loggedOut: z.literal(true) }),
  // Whoever holds the token may end it (RFC 7009).
  owner: 'any',
  idempotent: 'no',
  event: null,
  changes: { refresh_token: 'unknown' },
  audit: true,
  handle: async ({ logins }, { refreshToken }) => {
    await logins.end(refreshToken);
    return { loggedOut: true as const };
  },
});

/** Who holds an access token. */
export const verifyToken = read({
  code: 21,
  name: 'auth.verify',
  permission: 'auth:verify',
  http: 'POST /auth/verify',
  summary: 'Who holds an access token',
  input: z.strictObject({ accessToken: Token }),
  output: z.object({ subject: z.string(), playerId: IdText.nullable(), roles: z.array(z.string()), expiresAt: Timestamp.nullable() }),
  owner: 'any',
  handle: async ({ logins }, { accessToken }) => {
    const { subject, playerId, roles, expiresAt } = await logins.verify(accessToken);
    return { subject, playerId, roles: [...roles], expiresAt: expiresAt === null ? null : new Date(expiresAt) };
  },
});

/**
 * Looks at the wait before anything else, so that a refused attempt costs nothing and tells nothing; whether there is such an account
 * makes no difference. An attempt counts as failed until it was right: many at the same time would all be free otherwise.
 */
async function throttled(preparation: Preparation, credentials: LoginCredentials, check: NonNullable<Preparation['login']>): Promise<bigint | ExternalAccount> {
  const { loginThrottle: throttle, origin } = preparation;
  const attempt = { name: credentials.name, from: origin?.address ?? '' };
  const retryAfterMs = throttle?.waitMs(attempt) ?? 0;
  if (retryAfterMs > 0) throw new MidgardError('rateLimited', 'too many wrong passwords for this name', { details: { retryAfterMs } });
  throttle?.failed(attempt);
  try {
    const who = await check(preparation, credentials);
    throttle?.succeeded(attempt);
    return who;
  } catch (error) {
    if (!MidgardError.is(error, 'credentialInvalid')) throttle?.withdrawn(attempt);
    throw error;
  }
}

async function byPassword({ read: lookUp }: Preparation, { name, password }: LoginCredentials): Promise<bigint> {
  const known = await lookUp(({ logins }) => logins.findByName(name));
  const isRight = await verifyPassword(password, known?.passwordHash ?? null);
  if (!isRight || known === undefined) throw new MidgardError('credentialInvalid', 'wrong name or password');
  return known.playerId;
}
