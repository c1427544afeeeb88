import { MetricsError } from './metrics-error.ts';
import { escapeLabel, formatNumber } from './text.ts';

/** Names one thing that was counted, such as a trace: `{ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }`. */
export type ExemplarLabels = Readonly<Record<string, string>>;

/** One of the values that a series has counted. */
export interface Exemplar {
  /** Between braces. */
  readonly labels: string;
  readonly value: number;
  /** Epoch seconds. */
  readonly at: number;
}

/** OpenMetrics 1.0: names and values of an exemplar together. */
const mostCharacters = 128;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * @param at epoch milliseconds
 * @throws {MetricsError} `ERR_METRICS_LABELS`: a label name that Prometheus does not take, or more than 128 characters in all
 */
export function exemplarOf(labels: ExemplarLabels, value: number, at: number): Exemplar {
  const pairs = Object.entries(labels);
  const characters = pairs.reduce((sum, [name, text]) => sum + Array.from(name).length + Array.from(text).length, 0);
  if (characters > mostCharacters || !pairs.every(([name]) => labelName.test(name)))
    throw new MetricsError(
      'ERR_METRICS_LABELS',
      `an exemplar has labels of at most ${mostCharacters} characters in all, given were [${Object.keys(labels).join(', ')}]`,
    );
  return { labels: pairs.map(([name, text]) => `${name}="${escapeLabel(text)}"`).join(','), value, at: at / 1000 };
}

/** What follows the number of a line. */
export function exemplarText(exemplar: Exemplar | undefined): string {
  return exemplar === undefined ? '' : ` # {${exemplar.labels}} ${formatNumber(exemplar.value)} ${exemplar.at.toFixed(3)}`;
}
