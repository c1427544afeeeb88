/** What {@link hashKey} found: two words of 32 bits, each mixed from the whole key. With a sign: V8 boxes a number that needs the 32nd bit for itself. */
export const hashed: Int32Array = new Int32Array(2);

/** A key of 64 bits as two words; only typed arrays take a bigint apart without making another. */
const wide = new BigUint64Array(1);
const fraction = new Float64Array(wide.buffer);
const words = new Int32Array(wide.buffer);

/** Lanes start apart, so that their words are independent. */
const oneSeed = 0x9747b28c;
const otherSeed = 0x3c6ef372;
/** Texts and numbers are different keys. */
const textSeed = 0x85ebca77;

/**
 * MurmurHash3 (32 bits, x86) in two lanes with different seeds, into {@link hashed}: an object for the result would be
 * garbage with each key. A whole number is the same key as a bigint or a number; of a bigint count the lowest 64 bits.
 *
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function hashKey(key: bigint | number | string): void {
  if (typeof key === 'string') hashText(key);
  else {
    if (typeof key === 'bigint') wide[0] = key;
    else takeApart(key);
    const low = words[0] ?? 0;
    const high = words[1] ?? 0;
    hashed[0] = finished(mixed(mixed(oneSeed, low), high), 8);
    hashed[1] = finished(mixed(mixed(otherSeed, low), high), 8);
  }
}

function takeApart(key: number): void {
  if (Number.isInteger(key)) {
    words[0] = key;
    words[1] = Math.floor(key / 2 ** 32);
  } else fraction[0] = key;
}

function hashText(text: string): void {
  let one = oneSeed ^ textSeed;
  let other = otherSeed ^ textSeed;
  const { length } = text;
  // Two characters make a word; of an odd length the last stands alone.
  for (let at = 0; at < length; at += 2) {
    const word = text.charCodeAt(at) | (at + 1 < length ? text.charCodeAt(at + 1) << 16 : 0);
    one = mixed(one, word);
    other = mixed(other, word);
  }
  hashed[0] = finished(one, length);
  hashed[1] = finished(other, length);
}

function mixed(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const turned = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(hash: number, length: number): number {
  let rest = hash ^ length;
  rest = Math.imul(rest ^ (rest >>> 16), 0x85ebca6b);
  rest = Math.imul(rest ^ (rest >>> 13), 0xc2b2ae35);
  return rest ^ (rest >>> 16);
}
