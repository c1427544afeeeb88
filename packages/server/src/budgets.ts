import type { Limiter, Principal, Role } from '@midgard/auth';

/** How many requests a caller may make. */
export interface RateLimit {
  /** Requests a second that a caller may go on making. */
  readonly perSecond: number;
  /** Requests that may come at once after a pause. */
  readonly burst: number;
}

/** Limits by role. */
export type RateLimits = Readonly<Record<Role, RateLimit>>;

/** Trusted back ends run at full speed; web sites and players' own devices do not. */
export const defaultRateLimits: RateLimits = {
  web: { perSecond: 500, burst: 1000 },
  player: { perSecond: 50, burst: 100 },
};

/** What limits are kept by; `RateLimiter` and `SharedRateLimiter` of `@midgard/auth` are. */
export type MakeLimiter = (name: string, limit: RateLimit) => Limiter;

/** A limit that a caller stands under. */
export interface Budget {
  /** Of the limit, as a caller sees it. */
  readonly name: string;
  readonly limit: RateLimit;
  readonly limiter: Limiter;
}

/** Set-up of {@link Budgets}. */
export interface BudgetsOptions {
  /** By role; a role without one is not limited. */
  readonly roles: RateLimits;
  /** By name of an operation, of each caller; beside what its role allows. */
  readonly operations: Readonly<Record<string, RateLimit>>;
  readonly makeLimiter: MakeLimiter;
}

/** The limits of all callers and operations. A caller's connections share one budget. */
export class Budgets {
  readonly #roles: ReadonlyMap<string, Budget>;
  readonly #operations: ReadonlyMap<string, Budget>;

  constructor({ roles, operations, makeLimiter }: BudgetsOptions) {
    const budgetOf = (name: string, limit: RateLimit): [string, Budget] => [name, { name, limit, limiter: makeLimiter(name, limit) }];
    this.#roles = new Map(Object.entries(roles).map(([role, limit]) => budgetOf(role, limit)));
    this.#operations = new Map(Object.entries(operations).map(([operation, limit]) => budgetOf(operation, limit)));
  }

  /** A caller with several roles has the most generous limit among them. @returns undefined: no limit */
  ofCaller({ roles }: Principal): Budget | undefined {
    let best: Budget | undefined;
    for (const role of roles) {
      const budget = this.#roles.get(role);
      if (budget === undefined) return undefined;
      if (best === undefined || budget.limit.perSecond > best.limit.perSecond) best = budget;
    }
    return best;
  }

  /** What a caller may make of one operation. @returns undefined: no limit of its own */
  ofOperation(name: string): Budget | undefined {
    return this.#operations.get(name);
  }
}
