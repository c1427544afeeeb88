import { currentRequest, type RequestSpan } from '@midgard/server';

/** @returns the span of the request that this code runs for, where it is recorded: so nothing is described that nobody will read */
export function recordedSpan(): RequestSpan | undefined {
  const span = currentRequest()?.span;
  return span?.isRecorded === true ? span : undefined;
}
