import type { Agreement, Encoding } from '@midgard/codec';
import { flagsOf } from '@midgard/codec';
import type { Session } from '../session.ts';
import type { Outbox } from '../tcp/outbox.ts';
import type { HotOperation } from './hot-rules.ts';

/** What a connection has agreed to, in the form in which the hot way asks for it. */
export interface HotTerms {
  readonly hasChecksum: boolean;
  /** Bit n: the encoding with the number n may be used. */
  readonly encodings: number;
  readonly compression: Agreement['compression'];
  /** What the bytes of an answer depend on besides the request: the compression, in the third and fourth bit. */
  readonly form: number;
  readonly maxFrameBytes: number;
}

/** A connection that may ask on the hot way. */
export interface HotCaller {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly terms: HotTerms;
  /** Whether as many requests are unanswered as may be. */
  readonly isFull: boolean;
  /** What it was last found to be allowed, and by which version of the rules; for {@link HotReads} to set. */
  allowed: HotOperation | null;
  allowedBy: number;
  /** Takes whole frames on the full way. @returns whether what follows them is still to be read */
  takeFrames(chunk: Buffer, start: number, end: number): boolean;
}

const forms = { none: 0, zstd: 4, deflate: 8 } as const;

/** @param agreement of the handshake */
export function hotTerms({ encodings, compression, checksum }: Agreement, maxFrameBytes: number): HotTerms {
  return {
    hasChecksum: checksum,
    encodings: encodings.reduce((bits, encoding) => bits | (1 << encodingNumber(flagsOf(encoding))), 0),
    compression,
    form: forms[compression ?? 'none'],
    maxFrameBytes,
  };
}

/** The number of the encoding in a frame's flags. */
export function encodingNumber(flags: number): number {
  return (flags >> 4) & 0b11;
}

/** The form of an answer in this encoding. */
export function formOf({ form }: HotTerms, encoding: Encoding): number {
  return form | encodingNumber(flagsOf(encoding));
}
