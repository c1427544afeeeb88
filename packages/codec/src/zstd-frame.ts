/** Bytes of the dictionary id, by the two bits that announce it (RFC 8878 section 3.1.1.1.1). */
const dictionaryIdBytes = [0, 1, 2, 4] as const;
/** Bytes of the content size, likewise; without a size, a frame of a single segment still has one byte. */
const contentSizeBytes = [0, 2, 4, 8] as const;
const magicBytes = 4;
const blockHeaderBytes = 3;
const runLengthBlock = 1;

/**
 * Length of the zstd frame that a payload begins with (RFC 8878 section 3.1.1), told from its block headers without decoding.
 *
 * Node 24 refuses bytes behind the first frame, Node 26 decodes a second frame that stands there; the protocol has one
 * frame a body, so the end is looked for here. O(blocks).
 *
 * @returns bytes of the frame; more than the payload has where it is cut, and of no meaning where it is no zstd at all
 */
export function zstdFrameBytes(payload: Uint8Array): number {
  const descriptor = payload[magicBytes] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = contentSizeBytes[(descriptor >> 6) & 3] ?? 0;
  const dictionaryBytes = dictionaryIdBytes[descriptor & 3] ?? 0;
  let offset = magicBytes + 1 + (isSingleSegment ? Math.max(1, sizeBytes) : 1 + sizeBytes) + dictionaryBytes;
  let isLast = false;
  while (!isLast && offset + blockHeaderBytes <= payload.length) {
    const header = (payload[offset] ?? 0) | ((payload[offset + 1] ?? 0) << 8) | ((payload[offset + 2] ?? 0) << 16);
    isLast = (header & 1) !== 0;
    offset += blockHeaderBytes + (((header >> 1) & 3) === runLengthBlock ? 1 : header >> 3);
  }
  const checksumBytes = (descriptor & 0x04) === 0 ? 0 : 4;
  return isLast ? offset + checksumBytes : payload.length + 1;
}
