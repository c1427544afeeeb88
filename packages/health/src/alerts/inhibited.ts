import type { Alert } from './alert.ts';
import { labelOf, type Labels } from './labels.ts';
import { matchesAll } from './matcher.ts';
import type { Inhibition } from './rule.ts';

/**
 * Whether another alert that fires makes this one not worth a message.
 *
 * An alert that matches both sides of an inhibition is not silenced by others that do, nor by itself, as in Alertmanager.
 *
 * @param firing what fires now
 * @see https://prometheus.io/docs/alerting/latest/configuration/#inhibition-related-settings
 */
export function isInhibited(labels: Labels, firing: readonly Alert[], inhibitions: readonly Inhibition[]): boolean {
  return inhibitions.some(({ source, target, equal }) => {
    if (!matchesAll(labels, target)) return false;
    const isBoth = matchesAll(labels, source);
    return firing.some(
      (other) =>
        matchesAll(other.labels, source) &&
        equal.every((name) => (labelOf(other.labels, name) ?? '') === (labelOf(labels, name) ?? '')) &&
        !(isBoth && matchesAll(other.labels, target)),
    );
  });
}
