import type { Principal } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import type { Authenticator } from '../authenticator.ts';

/** A caller for tests. */
export function principal(fields: Partial<Principal> = {}): Principal {
  return {
    subject: 'key:server',
    kind: 'apiKey',
    roles: ['game-server'],
    games: '*',
    playerId: null,
    expiresAt: null,
    issuedAt: null,
    sessionId: null,
    ...fields,
  };
}

const callers: Readonly<Record<string, Principal>> = {
  server: principal(),
  viewer: principal({ subject: 'key:viewer', roles: ['viewer'] }),
  web: principal({ subject: 'key:web', roles: ['web'] }),
  elsewhere: principal({ subject: 'key:elsewhere', games: ['other'] }),
};

/** Knows the keys `server`, `viewer`, `web` and `elsewhere`, the tokens `expired`, and hangs on the key `hang`. */
export const fakeAuthenticator: Authenticator = {
  async fromHello(auth) {
    if (auth.kind === 'token') throw new MidgardError('tokenExpired', 'the token has expired');
    const key = auth.kind === 'apiKey' ? auth.key : '';
    if (key === 'hang') return new Promise(() => undefined);
    const caller = callers[key];
    if (caller === undefined) throw new MidgardError('credentialInvalid', 'no such key');
    return caller;
  },
  async fromHttp() {
    throw new MidgardError('notAuthenticated', 'TCP only');
  },
};
