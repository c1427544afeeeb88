import { CodecError } from './codec-error.ts';
import { traceBytes } from './wire.ts';

/**
 * Where a frame stands in a distributed trace.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** Span that sent the frame: 16 lower-case hex digits. */
  readonly spanId: string;
  /** W3C trace flags, 0–255; bit 0 is "sampled". */
  readonly flags: number;
}

const traceIdEnd = 16;
const spanIdEnd = 24;
const traceIdPattern = /^[\da-f]{32}$/;
const spanIdPattern = /^[\da-f]{16}$/;

/** Writes the 25 bytes of a trace context. */
export function writeTrace(target: Buffer, offset: number, { traceId, spanId, flags }: TraceContext): void {
  const isValid = traceIdPattern.test(traceId) && spanIdPattern.test(spanId) && (flags & 0xff) === flags;
  if (!isValid) throw new CodecError('ERR_CODEC_ARGUMENT', 'a trace context is 32 and 16 lower-case hex digits and flags of one byte');
  target.write(traceId, offset, 'hex');
  target.write(spanId, offset + traceIdEnd, 'hex');
  target[offset + spanIdEnd] = flags;
}

/** Reads the trace context that a body starts with; the body must have 25 bytes. */
export function readTrace(body: Buffer): TraceContext {
  return {
    traceId: body.toString('hex', 0, traceIdEnd),
    spanId: body.toString('hex', traceIdEnd, spanIdEnd),
    flags: body.readUInt8(traceBytes - 1),
  };
}
