import type { AlertChange, DeliveryReport, HealingEntry, HealingSkip } from '@midgard/health';
import type { Logger } from '@midgard/logging';

/** Writes what happens to alerts into the log. */
export interface AlertLog {
  readonly changed: (change: AlertChange) => void;
  readonly unread: (reason: string) => void;
  readonly delivered: (report: DeliveryReport) => void;
  readonly healed: (entry: HealingEntry) => void;
  readonly skipped: (skip: HealingSkip) => void;
  readonly unaudited: (entry: HealingEntry) => void;
}

/** A line for each change of an alert, each message that was not delivered, and each thing that was done to heal. */
export function alertLog(log: Logger): AlertLog {
  return {
    changed: ({ alert: { rule, severity, labels, annotations, value, fingerprint }, from, to }) => {
      const fields = { alert: rule, severity, from, to, labels, summary: annotations['summary'], fingerprint, ...(Number.isFinite(value) && { value }) };
      if (to !== 'firing') log.info(fields, to === 'resolved' ? 'an alert is over' : 'an alert is looked at');
      else if (severity === 'critical') log.error(fields, 'an alert fires');
      else log.warn(fields, 'an alert fires');
    },
    unread: (reason) => log.warn({ reason }, 'alerts could not be looked at: the metrics could not be read'),
    delivered: ({ outcome, ...report }) => {
      if (outcome === 'delivered') log.debug(report, 'a message about alerts was delivered');
      else log.warn({ ...report, outcome }, 'a message about alerts was not delivered');
    },
    healed: (entry) => {
      if (entry.outcome === 'failed' || entry.outcome === 'timed-out') log.warn(entry, 'healing failed');
      else log.info(entry, entry.phase === 'started' ? 'healing begins' : 'healing ended');
    },
    skipped: (skip) => log.info(skip, 'healing waits for its turn'),
    unaudited: (entry) => log.warn(entry, 'healing could not be noted in the audit log, and stands here alone'),
  };
}
