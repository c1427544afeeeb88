import { createHash, randomBytes } from 'node:crypto';
import type { Principal, Role } from '@midgard/auth';
import type { LockOptions, Row } from '@midgard/dao';
import { MidgardError } from '@midgard/errors';
import type { Work } from '../context.ts';
import { credential, refreshToken } from '../entities/credential.ts';
import { player } from '../entities/player.ts';
import { orAlreadyExists } from '../refusals.ts';
import { CommittedRefusal } from '../runtime/committed-refusal.ts';
import type { PlayerRow, Players } from './players.ts';
import { TokenRevocations } from './token-revocations.ts';

const TOKEN_BYTES = 32;
/** Expired tokens that one log-in clears away: more than it adds, so that they cannot pile up. */
const SWEEP_ROWS = 20;

/** Issues and checks access tokens; `Tokens` of @midgard/auth is one. */
export interface TokenIssuer {
  issueAccess(request: {
    readonly game: string;
    readonly playerId: bigint;
    readonly roles: readonly Role[];
    readonly ttlSeconds: number;
    /** The log-in, with which the token ends. */
    readonly sessionId: string;
  }): Promise<string>;
  verify(token: string): Promise<Principal>;
}

/** What log-ins are made of. */
export interface LoginSettings {
  readonly game: string;
  /** Without it every log-in is refused. */
  readonly tokens: TokenIssuer | undefined;
  readonly accessTtlSeconds: number;
  readonly refreshTtlSeconds: number;
}

/** What a player holds after a log-in. */
export interface LoggedIn {
  readonly accessToken: string;
  /** Good for one refresh. */
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
  readonly player: PlayerRow;
}

/** Passwords and refresh tokens of players, within one transaction or snapshot. */
export class Logins {
  readonly #work: Work;
  readonly #players: Players;
  readonly #settings: LoginSettings;
  readonly #revocations: TokenRevocations;

  /**
   * @param work the transaction or snapshot
   * @param players the players of the same
   * @param settings where tokens come from and how long they last
   */
  constructor(work: Work, players: Players, settings: LoginSettings) {
    this.#work = work;
    this.#players = players;
    this.#settings = settings;
    this.#revocations = new TokenRevocations(work, settings);
  }

  /** @returns whose name it is to log in with, and the hash of the password */
  async findByName(name: string): Promise<Row<typeof credential> | undefined> {
    return (await this.#work.session.dao(credential).find({ where: { name }, limit: 1 }))[0];
  }

  /** @throws {MidgardError} 2005 where another player logs in with this name */
  async create(playerId: bigint, name: string, passwordHash: string): Promise<void> {
    await this.#unlessTaken(() => this.#work.session.dao(credential).insert({ playerId, name, passwordHash }));
  }

  /** Keeps a player's name to log in with equal to the player's name; nothing where the player has no password. */
  async rename(playerId: bigint, name: string): Promise<void> {
    if ((await this.#work.rows(credential, playerId, { forUpdate: true })) === undefined) return;
    await this.#unlessTaken(() => this.#work.session.dao(credential).update(playerId, { name }));
  }

  /** Forgets a player's password; the name is free again. */
  async remove(playerId: bigint): Promise<void> {
    await this.#work.session.dao(credential).delete(playerId);
  }

  /** Begins a log-in: the first tokens of a new family. @throws {MidgardError} 2002; 3004 where the player is not active */
  async begin(playerId: bigint): Promise<LoggedIn> {
    await this.#requireWelcome(playerId, { forUpdate: true });
    const { session, now, ids } = this.#work;
    const row = await session.dao(player).update(playerId, { lastLoginAt: now });
    return this.#issue(row, ids.next());
  }

  /**
   * Trades a refresh token for the next pair. A second use of one token ends every log-in of its family, and that stays.
   *
   * @throws {MidgardError} 3003; 3002 where it is too old; 3004 where the player is not active
   */
  async refresh(token: string): Promise<LoggedIn> {
    const { session, now } = this.#work;
    const hash = hashOf(token);
    // Locked, so that of two who use it at once the second finds it used.
    const row = await this.#work.rows(refreshToken, hash, { forUpdate: true });
    if (row === undefined || row.revokedAt !== null) throw invalidToken();
    if (row.usedAt !== null) {
      await this.#endFamily(row);
      throw new CommittedRefusal(invalidToken());
    }
    // Who ended the family may have missed the token that a refresh beside it was just making.
    const ended = await session.dao(refreshToken).find({ where: { familyId: row.familyId, revokedAt: { ne: null } }, limit: 1 });
    if (ended.length > 0) throw invalidToken();
    if (row.expiresAt <= now) throw new MidgardError('tokenExpired', '');
    const owner = await this.#requireWelcome(row.playerId);
    await session.dao(refreshToken).update(hash, { usedAt: now });
    return this.#issue(owner, row.familyId);
  }

  /** Ends the log-in that a refresh token belongs to; one that nobody knows has ended already. */
  async end(token: string): Promise<void> {
    const row = await this.#work.rows(refreshToken, hashOf(token), { forUpdate: true });
    if (row !== undefined) await this.#endFamily(row);
  }

  /** Ends what a player has of access tokens by now; without a status that forbids it, the player may log in again. */
  async endAccess(playerId: bigint): Promise<void> {
    await this.#revocations.ofPlayer(playerId);
  }

  /**
   * @returns who holds an access token
   * @throws {MidgardError} 3003; 3002; 3003 also where it is for another game, or where the player is not active any more
   */
  async verify(token: string): Promise<Principal> {
    const principal = await this.#issuer().verify(token);
    const { games, playerId } = principal;
    if (games !== '*' && !games.includes(this.#settings.game)) throw invalidToken();
    if (playerId !== null && (await this.#players.find(playerId))?.status !== 'active') throw invalidToken();
    return principal;
  }

  async #issue(owner: PlayerRow, familyId: bigint): Promise<LoggedIn> {
    const { session, now } = this.#work;
    const { game, accessTtlSeconds, refreshTtlSeconds } = this.#settings;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const expiresAt = new Date(now.getTime() + refreshTtlSeconds * 1000);
    await session.dao(refreshToken).insert({ hash: hashOf(token), familyId, playerId: owner.id, expiresAt });
    // After the insert: looking for the player's tokens may hold up, on a server, who inserts beside them, so it must be the last thing.
    await this.#sweep(owner.id);
    const accessToken = await this.#issuer().issueAccess({
      game,
      playerId: owner.id,
      roles: ['player'],
      ttlSeconds: accessTtlSeconds,
      sessionId: String(familyId),
    });
    return { accessToken, refreshToken: token, expiresIn: accessTtlSeconds, player: owner };
  }

  async #sweep(playerId: bigint): Promise<void> {
    const tokens = this.#work.session.dao(refreshToken);
    const expired = await tokens.find({ where: { playerId, expiresAt: { lt: this.#work.now } }, limit: SWEEP_ROWS });
    for (const { hash } of expired) await tokens.delete(hash);
  }

  /** Only the unused token of a family is still good for anything, so there is at most one row to change; without one it has ended before. */
  async #endFamily({ familyId, playerId }: Row<typeof refreshToken>): Promise<void> {
    const tokens = this.#work.session.dao(refreshToken);
    const live = await tokens.find({ where: { familyId, usedAt: null, revokedAt: null } });
    for (const { hash } of live) await tokens.update(hash, { revokedAt: this.#work.now });
    if (live.length > 0) await this.#revocations.ofLogin(playerId, familyId);
  }

  async #requireWelcome(playerId: bigint, options?: LockOptions): Promise<PlayerRow> {
    const row = await this.#players.require(playerId, options);
    if (row.status !== 'active') throw new MidgardError('notPermitted', `the player is ${row.status}`);
    return row;
  }

  #unlessTaken<T>(work: () => Promise<T>): Promise<T> {
    return orAlreadyExists(work, 'another player logs in with this name', { field: 'name' });
  }

  #issuer(): TokenIssuer {
    if (this.#settings.tokens === undefined) throw new MidgardError('notPermitted', 'this game has no log-in');
    return this.#settings.tokens;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function invalidToken(): MidgardError {
  return new MidgardError('credentialInvalid', '');
}
