/** Of a trace id, the digits that are random by W3C Trace Context level 2 (the last 56 bits), but for the lowest, so that a number holds them exactly. */
const randomFrom = 18;
const randomTo = 31;
const range = 2 ** 52;

/**
 * Chooses traces by the random part of their id, so that every service with this ratio chooses the same, and one with a larger ratio those
 * and more: the consistent probability sampling of OpenTelemetry.
 *
 * @param ratio 0 (none) to 1 (all)
 * @returns whether a trace is followed, by the random part of its id
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function ratioSampler(ratio: number): (randomness: number) => boolean {
  const threshold = (1 - ratio) * range;
  return (randomness) => randomness >= threshold;
}

/** The random part of a trace id, 52 bits, before there is a text of it: of most traces nobody asks for their id. */
export function newRandomness(): number {
  return Math.floor(Math.random() * range);
}

/** @param traceId 32 hex digits */
export function randomnessOf(traceId: string): number {
  return Number.parseInt(traceId.slice(randomFrom, randomTo), 16);
}

/** @param traceId any random one @returns it with this random part */
export function withRandomness(traceId: string, randomness: number): string {
  return traceId.slice(0, randomFrom) + randomness.toString(16).padStart(randomTo - randomFrom, '0') + traceId.slice(randomTo);
}
