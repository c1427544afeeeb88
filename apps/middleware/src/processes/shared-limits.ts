import { AuthError } from '@midgard/auth';
import { z } from 'zod';
import type { Channel } from './channel.ts';
import { GatheredTakes } from './gathered-takes.ts';
import type { SeatLimits } from './seat.ts';

const Waits = z.array(z.number());
const IsFresh = z.boolean();

/** A worker's way to what all workers count together: see `sharedDesk`, which answers. */
export function sharedLimits(channel: Pick<Channel, 'ask'>): SeatLimits {
  return {
    budget: (name, rate) => new GatheredTakes(async (takes) => Waits.parse(await channel.ask('take', { name, rate, takes }))),
    nonces: {
      useOnce: async (name) => {
        try {
          return IsFresh.parse(await channel.ask('nonce', { name }));
        } catch (cause) {
          // Nobody knows whether another worker has seen it.
          throw new AuthError('ERR_AUTH_LIMITED', 'handshakes cannot be checked now', { cause });
        }
      },
    },
  };
}
