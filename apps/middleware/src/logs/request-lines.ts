import type { EntryLog, LogControl, RequestEntry } from '@midgard/logging';
import { type AnsweredReads, type RequestScope, type ServerMetrics, type Stage, stages } from '@midgard/server';

/**
 * Writes a line for each finished request that is to have one, after what measures them has been told of it.
 *
 * @param metrics what else listens to the front ends
 */
export function withRequestLines<M extends ServerMetrics>(metrics: M, { entries, control }: { readonly entries: EntryLog; readonly control: LogControl }): M {
  return {
    ...metrics,
    readsAnswered: (reads: AnsweredReads): void => {
      metrics.readsAnswered(reads);
      const { count, seconds } = reads;
      if (seconds * 1000 < control.settings.slowMs) return entries.goodRequests(count, (at) => entryOf(reads, at));
      for (let at = 0; at < count; at += 1) entries.request(entryOf(reads, at));
    },
    requestFinished: (request: RequestScope, seconds: number): void => {
      metrics.requestFinished(request, seconds);
      const { transport, game, operation, code, subject, address, requestId, trace } = request;
      const durationMs = seconds * 1000;
      entries.request({
        transport,
        game,
        operation,
        code,
        durationMs,
        subject: known(subject),
        address: known(address),
        requestId: requestId === undefined ? undefined : String(requestId),
        // Of a trace that begins here the id is made when it is asked for: of most requests nobody does.
        sampleKey: trace?.traceId,
        get traceId() {
          return request.traceId;
        },
        stages: durationMs >= control.settings.slowMs ? stagesOf(request) : undefined,
      });
    },
  };
}

/** Those who bring a trace along are not answered together. */
function entryOf({ transport, game, operation, subject, address, requestIds, seconds }: AnsweredReads, at: number): RequestEntry {
  const requestId = String(requestIds[at]);
  return { transport, game, operation, code: 0, durationMs: seconds * 1000, subject: known(subject), address: known(address), requestId };
}

function known(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Of the stages those that it went through. */
function stagesOf(request: RequestScope): Partial<Record<Stage, number>> {
  return Object.fromEntries(stages.map((stage) => [stage, request.msOf(stage)] as const).filter(([, ms]) => ms > 0));
}
