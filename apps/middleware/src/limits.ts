import { RateLimiter, type Rate } from '@midgard/auth';
import type { Config } from './config-schema.ts';

/** Outside production load comes from the developer's own machine, and a limit would only hide what is being measured. */
const generous: Rate = { perSecond: 10_000, burst: 20_000 };
const productionHandshake: Rate = { perSecond: 100, burst: 2000 };
const productionLogin: Rate = { perSecond: 5, burst: 20 };
const maxAddresses = 100_000;

/** How often one address may shake hands or log in, from the configuration or by the mode. */
export function addressLimits({ limits }: Config, isProduction: boolean): { readonly handshake: Rate; readonly login: RateLimiter } {
  const login = limits.login ?? (isProduction ? productionLogin : generous);
  return {
    handshake: limits.handshake ?? (isProduction ? productionHandshake : generous),
    login: new RateLimiter({ ...login, maxKeys: maxAddresses }),
  };
}
