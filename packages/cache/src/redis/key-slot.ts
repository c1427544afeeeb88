/** Slots of a Redis Cluster. */
export const slotCount = 16_384;

const openBrace = 0x7b;
const closeBrace = 0x7d;
const polynomial = 0x1021;

const table: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ polynomial;
  return crc;
});

/**
 * The slot of a key: CRC-16 (XMODEM) of what stands in its first braces, or of all of it where nothing does.
 * See https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function keySlot(key: Buffer): number {
  const open = key.indexOf(openBrace);
  const close = open < 0 ? -1 : key.indexOf(closeBrace, open + 1);
  const tagged = close > open + 1 ? key.subarray(open + 1, close) : key;
  let crc = 0;
  for (const byte of tagged) crc = ((crc << 8) ^ (table[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
  return crc % slotCount;
}
