/** What a cache is asked by: a string or a safe integer. `1` and `'1'` are two keys. */
export type BloomKey = string | number;

/** Set apart from the strings, so that 49 and '1' (code unit 49) do not share a hash. */
const integerMark = 0x5bd1e995;

/**
 * Hashes keys to 64 bits in two lanes of 32, as multiply-rotate mixes of the kind of MurmurHash3 with constants of their own.
 *
 * The lanes are fields and not a result, so that a hash allocates nothing: a signed 32-bit number in a field is no heap object.
 * They are seeded, since keys come from strangers: without the seed nobody can search offline for absent keys that a filter lets pass
 * (Gerbet, Kumar, Lauradoux, "The Power of Evil Choices in Bloom Filters", DSN 2015). It is not a cryptographic hash.
 */
export class KeyHash {
  readonly #lowSeed: number;
  readonly #highSeed: number;
  /** Lower 32 bits of the last hash, signed. */
  low = 0;
  /** Upper 32 bits of the last hash, signed. */
  high = 0;

  /** @param random 0 (included) to 1 (excluded), asked twice */
  constructor(random: () => number) {
    this.#lowSeed = (random() * 2 ** 32) | 0;
    this.#highSeed = (random() * 2 ** 32) | 0;
  }

  /** Hashes a key into {@link low} and {@link high}. O(length). */
  digest(key: BloomKey): void {
    if (typeof key === 'string') this.#digestString(key);
    else this.#digestInteger(key);
  }

  #digestString(key: string): void {
    const { length } = key;
    let low = this.#lowSeed;
    let high = this.#highSeed;
    const evenLength = length & ~1;
    for (let i = 0; i < evenLength; i += 2) {
      const word = key.charCodeAt(i) | (key.charCodeAt(i + 1) << 16);
      low = mixLow(low, word);
      high = mixHigh(high, word);
    }
    if (evenLength !== length) {
      const word = key.charCodeAt(evenLength);
      low = mixLow(low, word);
      high = mixHigh(high, word);
    }
    this.low = finish(low ^ length);
    this.high = finish(high ^ length ^ this.low);
  }

  #digestInteger(key: number): void {
    const lower = key | 0;
    const upper = Math.floor(key / 2 ** 32) | 0;
    const low = mixLow(mixLow(this.#lowSeed ^ integerMark, lower), upper);
    const high = mixHigh(mixHigh(this.#highSeed ^ integerMark, lower), upper);
    this.low = finish(low);
    this.high = finish(high ^ this.low);
  }
}

// Each step can be undone, so two keys that differ in one word never meet in a lane because of that word.
function mixLow(state: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mixed = state ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function mixHigh(state: number, word: number): number {
  const scrambled = Math.imul(word, 0x9e3779b1);
  const mixed = state ^ Math.imul((scrambled << 16) | (scrambled >>> 16), 0x85ebca77);
  return (Math.imul((mixed << 17) | (mixed >>> 15), 9) + 0x27d4eb2f) | 0;
}

/** Every bit of the state sways every bit of the hash. */
function finish(state: number): number {
  const first = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
