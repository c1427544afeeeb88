/** Of a trace id, the digits that are random by W3C Trace Context level 2 (the last 56 bits), but for the lowest, so that a number holds them exactly. */
const randomFrom = 18;
const randomTo = 31;
const range = 2 ** 52;

/**
 * Chooses traces by their id, so that every service with this ratio chooses the same, and one with a larger ratio those and more: the
 * consistent probability sampling of OpenTelemetry.
 *
 * @param ratio 0 (none) to 1 (all)
 * @returns whether a trace is followed, by its 32 hex digits
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function ratioSampler(ratio: number): (traceId: string) => boolean {
  const threshold = (1 - ratio) * range;
  return (traceId) => Number.parseInt(traceId.slice(randomFrom, randomTo), 16) >= threshold;
}
