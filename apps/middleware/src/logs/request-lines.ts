import type { EntryLog, LogControl } from '@midgard/logging';
import { type RequestScope, type ServerMetrics, type Stage, stages } from '@midgard/server';

/**
 * Writes a line for each finished request that is to have one, after what measures them has been told of it.
 *
 * @param metrics what else listens to the front ends
 */
export function withRequestLines<M extends ServerMetrics>(metrics: M, { entries, control }: { readonly entries: EntryLog; readonly control: LogControl }): M {
  return {
    ...metrics,
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

function known(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Of the stages those that it went through. */
function stagesOf(request: RequestScope): Partial<Record<Stage, number>> {
  return Object.fromEntries(stages.map((stage) => [stage, request.msOf(stage)] as const).filter(([, ms]) => ms > 0));
}
