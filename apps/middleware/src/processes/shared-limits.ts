import { AuthError } from '@midgard/auth';
import { z } from 'zod';
import type { Channel } from './channel.ts';
import type { SeatLimits } from './seat.ts';

/** A worker's way to what all workers count together: see `sharedDesk`, which answers. */
export function sharedLimits(channel: Pick<Channel, 'ask'>): SeatLimits {
  return {
    budget: (name, rate) => ({ take: async (key, count) => z.number().parse(await channel.ask('take', { name, rate, key, count })) }),
    nonces: {
      useOnce: async (name) => {
        try {
          return z.boolean().parse(await channel.ask('nonce', { name }));
        } catch (cause) {
          // Nobody knows whether another worker has seen it.
          throw new AuthError('ERR_AUTH_LIMITED', 'handshakes cannot be checked now', { cause });
        }
      },
    },
  };
}
