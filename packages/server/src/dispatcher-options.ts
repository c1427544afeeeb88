import type { Principal } from '@midgard/auth';
import type { BacklogLimit } from './backlog.ts';
import type { MakeLimiter, RateLimit, RateLimits } from './budgets.ts';
import type { Clock } from './clock.ts';
import type { EventHub } from './events/event-hub.ts';
import type { ServerLog } from './log.ts';
import type { ServerMetrics } from './metrics.ts';
import type { RequestTracing } from './request/request-tracing.ts';
import type { Rights } from './rights.ts';
import type { GameRouter } from './router.ts';
import type { ServiceOperations } from './service-operations.ts';
import type { Shedding } from './shedding.ts';

/** What a `Dispatcher` is made of. */
export interface DispatcherOptions {
  readonly router: GameRouter;
  /** What can be asked of the service itself. Default: nothing but the built-in operations. */
  readonly service?: ServiceOperations;
  /** What each role may do, and where; default: the roles of `@midgard/auth`. */
  readonly rights?: Rights;
  /** Limits by role; a role without one is not limited. Default: `defaultRateLimits`. A caller's connections share one budget. */
  readonly rateLimits?: RateLimits;
  /** By name of an operation, of each caller; beside what its role allows. Default: none. */
  readonly operationLimits?: Readonly<Record<string, RateLimit>>;
  /** Default: kept in this process, for each instance by itself. */
  readonly makeLimiter?: MakeLimiter;
  /** When a game has too much to do, in this process. Default: `defaultBacklogLimit`. */
  readonly backlog?: BacklogLimit;
  /** Asked at every request, so it must be quick; `Revocations` of `@midgard/auth` is one. Default: nothing is revoked. */
  readonly revocations?: { isRevoked(principal: Principal): boolean };
  /** Refuses a part of the requests while there is too much to do. Default: nothing is refused. */
  readonly shedding?: Shedding | undefined;
  /** What `subscribe` and `unsubscribe` are answered by. Default: there are no events. */
  readonly events?: EventHub;
  readonly metrics?: ServerMetrics;
  /** Default: no request is followed. */
  readonly tracing?: RequestTracing | undefined;
  readonly log?: ServerLog;
  readonly clock?: Clock;
}
