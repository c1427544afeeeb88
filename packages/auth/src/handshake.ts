import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import { AuthError } from './errors.ts';
import { everyNonceStore, MemoryNonces, type NonceStore } from './nonces.ts';
import { freezePrincipal, type Principal, type Role } from './principal.ts';

/** The `auth` member of a hello of kind `hmac`. */
export interface HandshakeProof {
  readonly serverId: string;
  /** Epoch milliseconds of the game server's clock. */
  readonly timestamp: number;
  /** At least 16 random bytes, base64url, used once. */
  readonly nonce: string;
  /** base64url(HMAC-SHA256(secret, serverId + "\n" + timestamp + "\n" + nonce)). */
  readonly signature: string;
}

/** What the service knows of a game server. */
export interface GameServerSecret {
  /** At least 32 random bytes. */
  readonly secret: Uint8Array;
  readonly role: Role;
  readonly games: readonly string[] | '*';
}

/** Set-up of {@link Handshake}. */
export interface HandshakeOptions {
  /** The secret of a server id, or undefined if there is no such server. */
  readonly secretOf: (serverId: string) => Promise<GameServerSecret | undefined>;
  readonly clock?: Clock;
  /** How far a timestamp may be off, milliseconds; default 60,000, as the protocol has it. */
  readonly windowMs?: number;
  /** Most nonces that this process remembers at a time; default 200,000: 800 handshakes a second, each remembered for up to four minutes. */
  readonly maxNonces?: number;
  /** Where instances remember nonces together, besides: what one has seen no other accepts. */
  readonly sharedNonces?: NonceStore;
}

const minSecretBytes = 32;
const serverIdShape = /^[\x21-\x7e]{1,128}$/;
/** 22 characters of base64url are 16 bytes. */
const nonceShape = /^[A-Za-z0-9_-]{22,128}$/;
const standIn: GameServerSecret = { secret: new Uint8Array(minSecretBytes), role: 'game-server', games: [] };

/**
 * Proves a game server by a signature over a fresh nonce, so that its secret never crosses the wire.
 *
 * A proof is good once: its nonce is remembered for as long as its timestamp could be accepted. Only nonces of right
 * signatures are kept, so a stranger fills no memory; when the memory is full, handshakes are refused rather than a nonce forgotten.
 */
export class Handshake {
  readonly #secretOf: HandshakeOptions['secretOf'];
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #nonces: NonceStore;

  /** @throws {AuthError} `ERR_AUTH_OPTIONS`: the window or the number of nonces is not positive */
  constructor({ secretOf, clock = Date, windowMs = 60_000, maxNonces = 200_000, sharedNonces }: HandshakeOptions) {
    if (!(windowMs > 0 && maxNonces > 0)) throw new AuthError('ERR_AUTH_OPTIONS', 'windowMs and maxNonces must be positive');
    this.#secretOf = secretOf;
    this.#clock = clock;
    this.#windowMs = windowMs;
    const own = new MemoryNonces({ maxGoodForMs: goodFor(windowMs), maxNonces, clock });
    this.#nonces = sharedNonces === undefined ? own : everyNonceStore(own, sharedNonces);
  }

  /**
   * @throws {AuthError} `ERR_AUTH_INVALID`: malformed, unknown server, wrong signature, timestamp off or nonce seen before;
   *   `ERR_AUTH_LIMITED`: more handshakes than can be remembered
   */
  async verifyHmac(proof: HandshakeProof): Promise<Principal> {
    const { serverId, timestamp, nonce, signature } = proof;
    if (!serverIdShape.test(serverId) || !nonceShape.test(nonce) || !Number.isSafeInteger(timestamp)) throw invalidProof();
    const server = await this.#secretOf(serverId);
    if (server !== undefined && server.secret.byteLength < minSecretBytes) {
      throw new AuthError('ERR_AUTH_OPTIONS', `a server secret needs at least ${minSecretBytes} bytes`);
    }
    // An unknown server costs the same work, so that the time of the answer does not tell which ids exist.
    const { secret, role, games } = server ?? standIn;
    const isRight = equalTexts(signature, signHandshake({ serverId, timestamp, nonce, secret }));
    const now = this.#clock.now();
    if (server === undefined || !isRight || Math.abs(now - timestamp) > this.#windowMs) throw invalidProof();
    if (!(await this.#nonces.useOnce(`${serverId}\n${nonce}`, goodFor(this.#windowMs)))) throw invalidProof();
    return freezePrincipal({
      subject: `server:${serverId}`,
      kind: 'service',
      roles: [role],
      games,
      playerId: null,
      expiresAt: null,
      issuedAt: null,
      sessionId: null,
    });
  }
}

/** A timestamp may lie one window ahead and is good for one window more. */
function goodFor(windowMs: number): number {
  return 2 * windowMs;
}

/**
 * Signs a handshake, as a game server does.
 *
 * @returns the signature for {@link HandshakeProof}
 */
export function signHandshake({ serverId, timestamp, nonce, secret }: Omit<HandshakeProof, 'signature'> & { readonly secret: Uint8Array }): string {
  return createHmac('sha256', secret).update(`${serverId}\n${timestamp}\n${nonce}`).digest('base64url');
}

/** Compared as text, so that only the canonical base64url of the signature passes. */
function equalTexts(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function invalidProof(): AuthError {
  return new AuthError('ERR_AUTH_INVALID', 'the handshake is not valid');
}
