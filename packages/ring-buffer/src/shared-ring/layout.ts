import { RingBufferError } from '../errors.ts';

/*
 * How the memory of a shared ring lies. First the control block of the ring, then a control block for each lane, then the
 * lanes themselves. What different threads write lies 64 bytes apart or more, a cache line, so that they do not slow each other.
 *
 * A lane holds records in units of eight bytes: a length in four bytes, the message, and up to seven bytes of nothing.
 * A record lies in one piece; where it does not fit before the end, the length -1 says that the rest of the lane is skipped.
 */

/** "MRB" and the version of this layout: memory of another version is refused. */
const magic = 0x4d_52_42_01;

/** Bytes of a unit, to which records are aligned. */
export const unitBytes = 8;
/** Bytes of a record before its message. */
export const recordHeaderBytes = 4;
/** In place of a length: the next record is at the front of the lane. */
export const skipToFront = -1;

/** Words of 32 bits in the control block of the ring. */
export const ringWord = { magic: 0, laneCount: 1, laneBytes: 2, hasConsumer: 3, isClosed: 4, tornMessages: 5, brokenLanes: 6, isConsumerWaiting: 32 } as const;
/** Words of 32 bits in the control block of a lane, from its first on. */
export const laneWord = { tail: 0, head: 16, isProducerWaiting: 32 } as const;

const ringControlWords = 64;
const laneControlWords = 48;

/** Bounds of {@link Layout}. */
export const bounds = { minLaneBytes: 64, maxLaneBytes: 1_048_576, maxLanes: 1024 } as const;

/** Where one lane lies in the memory. */
export interface LanePlace {
  /** Index of its first control word. */
  readonly control: number;
  /** Offset of its first byte. */
  readonly start: number;
}

/** The memory of a shared ring as its threads see it. */
export interface Layout {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly laneBytes: number;
  readonly lanes: readonly LanePlace[];
}

/** Memory for a new ring. */
export function createLayout(laneCount: number, laneBytes: number): Layout {
  const buffer = new SharedArrayBuffer(totalBytes(laneCount, laneBytes));
  const words = new Int32Array(buffer);
  words[ringWord.laneCount] = laneCount;
  words[ringWord.laneBytes] = laneBytes;
  words[ringWord.magic] = magic;
  return layoutOf(buffer, laneCount, laneBytes);
}

/**
 * The ring that lies in memory made by another thread.
 *
 * @throws {RingBufferError} `ERR_RING_HANDLE`: it is not that of a shared ring of this version
 */
export function attachLayout(buffer: unknown): Layout {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength < ringControlWords * 4) throw notARing();
  const [found, laneCount = 0, laneBytes = 0] = new Int32Array(buffer, 0, 3);
  if (found !== magic || buffer.byteLength !== totalBytes(laneCount, laneBytes)) throw notARing();
  return layoutOf(buffer, laneCount, laneBytes);
}

function notARing(): RingBufferError {
  return new RingBufferError('ERR_RING_HANDLE', 'handle must be that of a SharedRing of this version');
}

function totalBytes(laneCount: number, laneBytes: number): number {
  return (ringControlWords + laneCount * laneControlWords) * 4 + laneCount * laneBytes;
}

function layoutOf(buffer: SharedArrayBuffer, laneCount: number, laneBytes: number): Layout {
  const firstLane = totalBytes(laneCount, laneBytes) - laneCount * laneBytes;
  const lanes = Array.from({ length: laneCount }, (_, i) => ({ control: ringControlWords + i * laneControlWords, start: firstLane + i * laneBytes }));
  return { buffer, words: new Int32Array(buffer), bytes: new Uint8Array(buffer), laneBytes, lanes };
}
