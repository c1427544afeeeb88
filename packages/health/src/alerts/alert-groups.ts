import type { Alert } from './alert.ts';
import { AlertGroup, type GroupDependencies } from './alert-group.ts';
import { keyOf, pick } from './labels.ts';
import { matchesAll } from './matcher.ts';
import type { Route } from './rule.ts';

/** Puts alerts into groups by the routes that they match, the first or, where a route lets go on, more. */
export class AlertGroups {
  readonly #routes: readonly Route[];
  readonly #dependencies: GroupDependencies;
  readonly #groups = new Map<string, AlertGroup>();

  constructor(routes: readonly Route[], dependencies: GroupDependencies) {
    this.#routes = routes;
    this.#dependencies = dependencies;
  }

  /** When the next group is due, epoch milliseconds; Infinity when there is none. O(groups). */
  get dueAt(): number {
    return [...this.#groups.values()].reduce((due, group) => Math.min(due, group.dueAt), Infinity);
  }

  /** Takes in an alert that began to fire or ended. */
  put(alert: Alert, now: number): void {
    for (const [at, route] of this.#routes.entries()) {
      if (!matchesAll(alert.labels, route.match)) continue;
      if (route.channels.length > 0) this.#groupOf(alert, route, at, now)?.put(alert);
      if (!route.isContinued) return;
    }
  }

  /** Has every group that is due tell what is new, and forgets those that are over. */
  flush(now: number): void {
    for (const [key, group] of this.#groups) {
      if (group.isDue(now)) group.flush(now);
      if (group.isOver) this.#groups.delete(key);
    }
  }

  #groupOf(alert: Alert, route: Route, at: number, now: number): AlertGroup | undefined {
    const labels = pick(alert.labels, route.groupBy);
    const key = `${at}:${keyOf(labels)}`;
    const known = this.#groups.get(key);
    // The end of something that nobody was told of makes no group.
    if (known !== undefined || alert.state === 'resolved') return known;
    const group = new AlertGroup(route, key, labels, this.#dependencies, now);
    this.#groups.set(key, group);
    return group;
  }
}
