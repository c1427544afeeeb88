import type { ApiKeys, Handshake, Tokens } from '@midgard/auth';
import type { Authenticator } from './authenticator.ts';
import { MidgardError } from '@midgard/errors';

/** The credentials that an {@link Authenticator} knows. */
export interface AuthenticatorParts {
  readonly apiKeys: Pick<ApiKeys, 'verify' | 'recall' | 'stillGives'>;
  readonly tokens: Pick<Tokens, 'verify' | 'recall'>;
  /** Shared secrets of game servers; without it their kind of hello is refused. */
  readonly handshake?: Pick<Handshake, 'verifyHmac'>;
}

const bearer = /^Bearer ([^\s]+)$/i;

/**
 * Makes the authenticator of both front ends from the parts of `@midgard/auth`.
 * @param parts keys and tokens; `handshake` where game servers prove a shared secret
 */
export function createAuthenticator({ apiKeys, tokens, handshake }: AuthenticatorParts): Authenticator {
  return {
    async fromHello(auth) {
      if (auth.kind === 'apiKey') return apiKeys.verify(auth.key);
      if (auth.kind === 'token') return tokens.verify(auth.token);
      if (handshake === undefined) throw new MidgardError('credentialInvalid', 'no game server has a secret here');
      return handshake.verifyHmac(auth);
    },
    async fromHttp(headers) {
      const key = headers.get('x-api-key');
      if (key !== null) return apiKeys.verify(key);
      const [, token] = bearer.exec(headers.get('authorization') ?? '') ?? [];
      if (token === undefined) throw new MidgardError('notAuthenticated', 'send Authorization: Bearer or X-API-Key');
      return tokens.recall(token) ?? tokens.verify(token);
    },
    recallHttp(header, value) {
      if (header === 'x-api-key') return apiKeys.recall(value);
      const [, token] = bearer.exec(value) ?? [];
      return token === undefined ? undefined : tokens.recall(token);
    },
    recallsStill: (principal) => apiKeys.stillGives(principal),
  };
}
