import type { LedgerReport } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import type { Timers } from '@midgard/server';

/** A game whose books can be looked at; `GameRuntime` of `@midgard/game-kit` is one. */
export interface Books {
  ledgerReport(): Promise<LedgerReport>;
}

/** What {@link watchLedgers} works with. */
export interface LedgerWatch {
  /** Time from the end of one look to the next, in milliseconds; 0: nobody looks. */
  readonly everyMs: number;
  readonly games: ReadonlyMap<string, Books>;
  readonly registry: Registry;
  readonly log: Logger;
  readonly timers: Pick<Timers, 'every'>;
  readonly clock?: { now(): number };
}

/** Violations of one report that are logged; a count says how many there are. */
const mostLogged = 20;

/**
 * Holds every balance against its ledger, again and again: money or items that came from nowhere must wake somebody. One game at a time,
 * since a look reads all rows.
 *
 * @returns ends it
 */
export function watchLedgers({ everyMs, games, registry, log, timers, clock = Date }: LedgerWatch): () => void {
  if (everyMs === 0) return () => undefined;
  const imbalance = registry.gauge({
    name: 'midgard_ledger_imbalance',
    help: 'Rules of the ledgers that did not hold when they were looked at last; not 0: money or items appeared or vanished',
    labels: ['game'],
  });
  const checked = registry.gauge({ name: 'midgard_ledger_checked_timestamp_seconds', help: 'When the ledgers were looked at last', labels: ['game'] });
  const failures = registry.counter({ name: 'midgard_ledger_check_failures_total', help: 'Looks that could not be ended', labels: ['game'] });
  let isLooking = false;
  const look = async (): Promise<void> => {
    for (const [game, books] of games) {
      try {
        const { violations } = await books.ledgerReport();
        imbalance.labels({ game }).set(violations.length);
        checked.labels({ game }).set(clock.now() / 1000);
        if (violations.length > 0) log.error({ game, count: violations.length, violations: violations.slice(0, mostLogged) }, 'the ledgers do not balance');
      } catch (error) {
        failures.labels({ game }).add();
        log.warn({ err: error, game }, 'the ledgers could not be looked at');
      }
    }
  };
  const lookUnlessLooking = (): void => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  };
  // Books are the least to be trusted after a crash.
  lookUnlessLooking();
  return timers.every(everyMs, lookUnlessLooking);
}
