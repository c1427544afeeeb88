import { type Limiter, type NonceStore, type Rate, RateLimiter, SharedRateLimiter } from '@midgard/auth';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { AddressLimit, MakeLimiter, RateLimits } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import type { SeatLimits } from '../processes/seat.ts';
import { openSharedLimits } from './shared-limits.ts';

/** Outside production load comes from the developer's own machine, and a limit would only hide what is being measured. */
const generous: Rate = { perSecond: 10_000, burst: 20_000 };
const productionHandshake: Rate = { perSecond: 100, burst: 2000 };
const productionLogin: Rate = { perSecond: 5, burst: 20 };
const productionWrongCredentials: Rate = { perSecond: 5, burst: 100 };
/** Callers or addresses that a limit remembers; of more at once the longest idle are forgotten first. */
const maxKeys = 100_000;

/** What the front ends limit callers by. */
export interface Limits extends Disposable {
  readonly rateLimits: RateLimits;
  readonly makeLimiter: MakeLimiter;
  readonly handshake: AddressLimit;
  readonly login: AddressLimit;
  readonly wrongCredentials: Limiter;
  /** Where instances remember nonces together; undefined: each does for itself. */
  readonly nonces: NonceStore | undefined;
}

/** What {@link openLimits} works with. */
export interface LimitsParts {
  readonly config: Pick<Config, 'limits' | 'cache'>;
  readonly isProduction: boolean;
  readonly registry: Registry;
  readonly log: Logger;
  /** What the workers of this service count together, where no Redis does; undefined: there is one. */
  readonly workers?: SeatLimits | undefined;
}

/** The limits of the configuration: of this process, of all workers of the service, or with a Redis of all instances together. */
export function openLimits({ config, isProduction, registry, log, workers }: LimitsParts): Limits {
  const { web, player, gameServer, roles } = config.limits;
  const handshake = config.limits.handshake ?? (isProduction ? productionHandshake : generous);
  const login = config.limits.login ?? (isProduction ? productionLogin : generous);
  const wrongCredentials = config.limits.wrongCredentials ?? (isProduction ? productionWrongCredentials : generous);
  const rateLimits = { ...roles, web, player, ...(gameServer === undefined ? {} : { 'game-server': gameServer }) };
  const limiters = new DisposableStack();
  const ofInstances = openSharedLimits(config, { registry, log });
  if (ofInstances !== undefined) limiters.use(ofInstances);
  const shared = ofInstances ?? workers;
  const make = (name: string, rate: Rate): RateLimiter | SharedRateLimiter =>
    shared === undefined
      ? new RateLimiter({ ...rate, maxKeys })
      : limiters.use(new SharedRateLimiter({ ...rate, ...ofInstances?.events, maxKeys, budget: shared.budget(name, rate), whenAway: config.limits.whenAway }));
  return {
    rateLimits,
    makeLimiter: make,
    handshake: together(make('handshake', handshake)),
    login: together(make('login', login)),
    wrongCredentials: make('wrong', wrongCredentials),
    nonces: shared?.nonces,
    [Symbol.dispose]: () => limiters.dispose(),
  };
}

/** What is rare and dear asks the others first, where there are some. */
function together(limiter: RateLimiter | SharedRateLimiter): AddressLimit {
  return limiter instanceof SharedRateLimiter ? { take: (address) => limiter.takeTogether(address) } : limiter;
}
