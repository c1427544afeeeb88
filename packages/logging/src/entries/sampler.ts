const range = 2 ** 32;

/**
 * Decides which good requests get a line. All services that see one trace decide alike, so that a sampled trace has all of its lines; without
 * a trace it is chance. Request ids would not do: each connection counts its own from 1.
 *
 * @param rate 0: none, 1: all
 */
export function isSampled(rate: number, traceId: string | undefined, random: () => number): boolean {
  if (rate >= 1) return true;
  if (rate <= 0) return false;
  return (traceId === undefined ? random() : hashOf(traceId) / range) < rate;
}

/** FNV-1a, its bits mixed as MurmurHash3 does at its end; 0 to 2^32 - 1. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Decides as {@link isSampled} does without a trace, for many at once: it draws how many go by until the next, so that those which go by cost
 * nothing. A geometric distribution, by inversion (Devroye, Non-Uniform Random Variate Generation, X.2).
 */
export class SampleGaps {
  readonly #random: () => number;
  #rate = 0;
  /** How many go by before the next one of the sample. */
  #gap = Infinity;

  /** @param random 0 to 1, below 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * @param count how many there are
   * @param rate 0: none is in the sample, 1: all are
   * @returns which of them is the next in the sample, from 0; -1: none of them
   */
  next(count: number, rate: number): number {
    // What was drawn for another rate says nothing; that it is drawn anew favours nobody, since a gap has no memory.
    if (rate !== this.#rate) this.#draw(rate);
    const gap = this.#gap;
    if (gap >= count) {
      this.#gap -= count;
      return -1;
    }
    this.#draw(rate);
    return gap;
  }

  #draw(rate: number): void {
    this.#rate = rate;
    this.#gap = rate >= 1 ? 0 : Math.floor(Math.log(1 - this.#random()) / Math.log(1 - Math.max(rate, 0)));
    // 0 / 0 and its like: of a rate of nothing nothing comes.
    if (!(this.#gap >= 0)) this.#gap = Infinity;
  }
}
