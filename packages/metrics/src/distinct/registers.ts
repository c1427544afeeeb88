/** Bits of a hash. */
const hashBits = 64;

/**
 * Notes one key in the registers of a HyperLogLog: the register that the first bits of its hash name keeps the longest
 * run of zeros that the other bits ever began with. O(1), no allocation.
 *
 * @param precision how many bits name a register, 4 to 16
 * @param high the upper 32 bits of the hash of the key
 * @param low the lower ones
 *
 * @see P. Flajolet, É. Fusy, O. Gandouet, F. Meunier: HyperLogLog, 2007
 * @see S. Heule, M. Nunkesser, A. Hall: HyperLogLog in Practice, 2013, whence the 64 bits
 */
export function note(registers: Uint8Array, precision: number, high: number, low: number): void {
  const register = high >>> (32 - precision);
  const rest = high << precision;
  // A run that reaches the end of the upper word goes on in the lower.
  const zeros = rest !== 0 ? Math.clz32(rest) : 32 - precision + Math.clz32(low);
  if ((registers[register] ?? 0) <= zeros) registers[register] = zeros + 1;
}

/** Adds the keys of others to registers: they then hold what they would if they had noted all of them. O(registers). */
export function unite(into: Uint8Array, others: Uint8Array): void {
  for (let at = 0; at < into.length; at += 1) {
    const other = others[at] ?? 0;
    if (other > (into[at] ?? 0)) into[at] = other;
  }
}

/**
 * How many different keys registers have noted: without bias from none on, with a standard error of 1.04 / √registers.
 * O(registers).
 *
 * @see O. Ertl: New cardinality estimation algorithms for HyperLogLog sketches, 2017 (arXiv:1702.01284), algorithm 6: it
 *   needs neither the tables nor the thresholds of HyperLogLog++
 */
export function estimate(registers: Uint8Array): number {
  const size = registers.length;
  const most = hashBits - Math.log2(size);
  const counts = new Float64Array(most + 2);
  for (const rank of registers) counts[rank] = (counts[rank] ?? 0) + 1;
  let sum = size * tau(1 - (counts[most + 1] ?? 0) / size);
  for (let rank = most; rank >= 1; rank -= 1) sum = 0.5 * (sum + (counts[rank] ?? 0));
  sum += size * sigma((counts[0] ?? 0) / size);
  return (size * size) / (2 * Math.LN2 * sum);
}

/** For registers that are empty. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [power, weight, sum, before] = [share, 1, share, Number.NaN];
  while (sum !== before) {
    power *= power;
    before = sum;
    sum += power * weight;
    weight += weight;
  }
  return sum;
}

/** For registers that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [root, weight, sum, before] = [share, 1, 1 - share, Number.NaN];
  while (sum !== before) {
    root = Math.sqrt(root);
    before = sum;
    weight *= 0.5;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
