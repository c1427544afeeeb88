import type { Cluster, Redis } from 'ioredis';
import { AuthError } from '../errors.ts';
import type { NonceStore } from '../nonces.ts';
import type { WhenAway } from '../shared-budget.ts';

/** Set-up of {@link redisNonces}. */
export interface RedisNoncesOptions {
  readonly client: Redis | Cluster;
  /** Begins each key. Default `nonces`. */
  readonly prefix?: string;
  /** `local`: what this process itself remembers has to do while Redis is away; `refuse`: no handshake then. Default `local`. */
  readonly whenAway?: WhenAway;
}

/** Remembers nonces for all instances on a Redis: what one has seen no other accepts. */
export function redisNonces({ client, prefix = 'nonces', whenAway = 'local' }: RedisNoncesOptions): NonceStore {
  return {
    async useOnce(name, goodForMs) {
      try {
        return (await client.set(`${prefix}:${name}`, '1', 'PX', Math.ceil(goodForMs), 'NX')) !== null;
      } catch (cause) {
        if (whenAway === 'local') return true;
        throw new AuthError('ERR_AUTH_LIMITED', 'handshakes cannot be checked now', { cause });
      }
    },
  };
}
