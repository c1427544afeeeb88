import { setTimeout as sleep } from 'node:timers/promises';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/** Where an {@link OtlpExporter} sends to. */
export interface OtlpTarget {
  /** With its path, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly endpoint: string;
  /** Secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Time for one export with its repetitions. */
  readonly timeoutMs: number;
}

/** Hears what becomes of the spans. */
export interface ExportListener {
  /** The collector took an export, but for these of its spans. */
  sent(spans: number, rejected: number): void;
  /** It did not, for good. @param reason without the address and what the collector wrote */
  lost(spans: number, reason: string): void;
}

/** The statuses after which the specification has a sender come again. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const firstPauseMs = 500;
const maxPauseMs = 5000;

/**
 * Sends spans as OTLP/HTTP with JSON. OpenTelemetry's own exporter goes on with its repetitions after it was shut down, so that a service
 * whose collector is away would outlive its grace period; this one ends when it is told to, and follows no redirection, to which its headers would go along.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export class OtlpExporter implements SpanExporter {
  readonly #target: OtlpTarget;
  readonly #listener: ExportListener;
  readonly #cut = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #mayRepeat = true;

  constructor(target: OtlpTarget, listener: ExportListener) {
    this.#target = target;
    this.#listener = listener;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const outcome = this.#send(spans)
      .then((rejected) => {
        this.#listener.sent(spans.length - rejected, rejected);
        done({ code: ExportResultCode.SUCCESS });
      })
      .catch((error: unknown) => {
        this.#listener.lost(spans.length, reasonOf(error));
        done({ code: ExportResultCode.FAILED });
      })
      .finally(() => this.#underWay.delete(outcome));
    this.#underWay.add(outcome);
  }

  /** @returns when nothing is under way any more */
  async forceFlush(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** From now on nothing is sent twice. */
  stopRepeating(): void {
    this.#mayRepeat = false;
  }

  /** Ends what is under way. */
  shutdown(): Promise<void> {
    this.#cut.abort();
    return Promise.resolve();
  }

  /** @returns how many spans the collector did not want */
  async #send(spans: ReadableSpan[]): Promise<number> {
    const body = JsonTraceSerializer.serializeRequest(spans);
    if (body === undefined) return spans.length;
    const signal = AbortSignal.any([this.#cut.signal, AbortSignal.timeout(this.#target.timeoutMs)]);
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      try {
        return await this.#post(body, signal);
      } catch (error) {
        if (!this.#mayRepeat || signal.aborted || (error instanceof RefusedExport && !passing.has(error.status))) throw error;
        await sleep(pauseMs * (0.5 + 0.5 * Math.random()), undefined, { signal, ref: false }).catch(() => Promise.reject(error));
      }
    }
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<number> {
    const { endpoint, headers } = this.#target;
    const response = await fetch(endpoint, {
      method: 'POST',
      redirect: 'error',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body,
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new RefusedExport(response.status);
    }
    const { partialSuccess } = JsonTraceSerializer.deserializeResponse(new Uint8Array(await response.arrayBuffer()));
    return countOf(partialSuccess?.rejectedSpans);
  }
}

/** The collector answered, and did not take it. */
class RefusedExport extends Error {
  override readonly name = 'RefusedExport';
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** JSON has 64-bit numbers as text. */
function countOf(value: unknown): number {
  const count = Number(value);
  return Number.isInteger(count) && count > 0 ? count : 0;
}

function reasonOf(error: unknown): string {
  if (error instanceof RefusedExport) return error.message;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error instanceof Error ? error.name : 'unknown';
}
