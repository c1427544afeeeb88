import { type Fields, fieldsOf } from '../fields.ts';
import { isoClock } from '../iso-clock.ts';
import type { LogControl } from '../log-control.ts';
import { type LoggerOptions, LineWriter } from '../logger.ts';
import { type LogStream, Output } from '../output.ts';
import { redactor } from '../redact.ts';
import type { AuditEntry, RequestEntry } from './entry.ts';
import { JsonTexts } from './json-texts.ts';
import { isSampled, SampleGaps } from './sampler.ts';

/** Options of {@link EntryLog}: those of the logger beside it, so that both write one log. */
export interface EntryLogOptions extends Omit<LoggerOptions, 'level' | 'context'> {
  readonly control: LogControl;
  /**
   * Codes that are answered to requests by the thousand when there is too much to do, through no fault of any one of them: of these as of the good
   * ones a sample gets lines, so that an overload is not made worse by telling of it (default none).
   */
  readonly crowdCodes?: readonly number[] | undefined;
  /** 0 to 1, below 1; default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * Writes the lines that are not prose: finished requests, slow ones with their stages, and what must be accounted for.
 *
 * @example
 * ```ts
 * import { createLogger, EntryLog, LogControl } from '@midgard/logging';
 * const control = new LogControl({ successRate: 0.01, slowMs: 500 });
 * const log = createLogger({ name: 'middleware', control });
 * const entries = new EntryLog({ name: 'middleware', control });
 * entries.request({ transport: 'tcp', game: 'realm', operation: 'player.get', code: 0, durationMs: 812, stages: { database: 805 } });
 * ```
 */
export class EntryLog {
  readonly #control: LogControl;
  readonly #output: Output;
  readonly #audits: LineWriter;
  readonly #redact: ReturnType<typeof redactor>;
  /** Of what has one of these only a sample gets lines. */
  readonly #sampledCodes: ReadonlySet<number>;
  readonly #random: () => number;
  readonly #gaps: SampleGaps;
  readonly #now: () => string;
  readonly #texts = new JsonTexts();
  /** All that is alike in the lines of one stream. */
  readonly #beginnings: Readonly<Record<'good' | 'bad' | 'slow', string>>;
  readonly #name: string;

  /** @param options see {@link EntryLogOptions} */
  constructor(options: EntryLogOptions) {
    const { control, name, crowdCodes = [], random = Math.random, redact = [], clock = Date } = options;
    this.#control = control;
    this.#output = new Output(options);
    this.#audits = new LineWriter(options, () => 'audit');
    this.#redact = redactor(redact);
    this.#sampledCodes = new Set([0, ...crowdCodes]);
    this.#random = random;
    this.#gaps = new SampleGaps(random);
    this.#now = isoClock(clock);
    this.#beginnings = { good: beginningOf('info', 'request'), bad: beginningOf('warn', 'request'), slow: beginningOf('warn', 'performance') };
    this.#name = `","name":${this.#texts.of(name)}`;
  }

  /**
   * Tells of a finished request: a line in `request` where it failed, was refused, was slow or is in the sample of the good ones and the crowds; where it was
   * slow also one in `performance`, with its stages. Most calls end after two comparisons.
   */
  request(entry: RequestEntry): void {
    const { successRate, slowMs } = this.#control.settings;
    const isSlow = entry.durationMs >= slowMs;
    const isOfSample = !isSlow && this.#sampledCodes.has(entry.code);
    if (isOfSample && !isSampled(successRate, 'sampleKey' in entry ? entry.sampleKey : entry.traceId, this.#random)) return;
    this.#writeRequest(entry, isSlow);
  }

  /**
   * As {@link request} for requests without a trace that went well, were not slow, and were answered together: what it costs depends on how many
   * of them are in the sample.
   *
   * @param count how many there are
   * @param entryOf makes the entry of one of them, from 0
   */
  goodRequests(count: number, entryOf: (index: number) => RequestEntry): void {
    const { successRate } = this.#control.settings;
    let at = 0;
    for (let skipped = this.#gaps.next(count, successRate); skipped !== -1; skipped = this.#gaps.next(count - at, successRate)) {
      at += skipped;
      this.#writeRequest(entryOf(at), false);
      at += 1;
    }
  }

  #writeRequest(entry: RequestEntry, isSlow: boolean): void {
    if (this.#control.isSilent) return;
    const { successRate, slowMs } = this.#control.settings;
    const isGood = entry.code === 0;
    const facts = this.#factsOf(entry);
    const sampled = this.#sampledCodes.has(entry.code) && !isSlow && successRate < 1 ? `,"sampleRate":${successRate}` : '';
    const { good, bad, slow } = this.#beginnings;
    this.#output.writePrintable(`${this.#begin(isGood ? good : bad)}${facts}${sampled},"msg":"request"}\n`, 'request', isGood ? 'info' : 'warn');
    if (!isSlow) return;
    const limit = `,"slowMs":${numberOf(slowMs)},"stages":${this.#stagesOf(entry.stages)}`;
    this.#output.writePrintable(`${this.#begin(slow)}${facts}${limit},"msg":"slow request"}\n`, 'performance', 'warn');
  }

  /** Mirrors an entry of the audit log. To be called when the transaction that holds the entry is committed. */
  audit(entry: AuditEntry): void {
    if (this.#control.isSilent) return;
    const { changes, outcome, ...facts } = entry;
    const fields: Fields = {
      ...fieldsOf(facts, this.#redact),
      outcome: numberOf(outcome),
      ...fieldsOf(changes === undefined ? {} : { changes }, this.#redact),
    };
    this.#audits.write(this.#audits.root, 'info', fields, 'audit');
  }

  #begin(beginning: string): string {
    return `${beginning}${this.#now()}${this.#name}`;
  }

  /** By hand, because this line is written once a request: half the time of pino's way, and a quarter of that with the copy it needs. */
  #factsOf({ transport, game, operation, code, durationMs, receivedBytes, sentBytes, subject, address, requestId, traceId }: RequestEntry): string {
    const texts = this.#texts;
    let facts = `,"transport":${texts.of(transport)},"game":${texts.of(game)},"operation":${texts.of(operation)}`;
    facts += `,"code":${numberOf(code)},"durationMs":${millisecondsOf(durationMs)}`;
    if (receivedBytes !== undefined) facts += `,"receivedBytes":${numberOf(receivedBytes)}`;
    if (sentBytes !== undefined) facts += `,"sentBytes":${numberOf(sentBytes)}`;
    if (subject !== undefined) facts += `,"subject":${texts.of(subject)}`;
    if (address !== undefined) facts += `,"address":${texts.of(address)}`;
    if (requestId !== undefined) facts += `,"requestId":${texts.of(requestId)}`;
    if (traceId !== undefined) facts += `,"traceId":${texts.of(traceId)}`;
    return facts;
  }

  #stagesOf(stages: Readonly<Record<string, number>> = {}): string {
    return `{${Object.entries(stages)
      .map(([name, ms]) => `${this.#texts.of(name)}:${millisecondsOf(ms)}`)
      .join(',')}}`;
  }
}

function beginningOf(level: string, stream: LogStream): string {
  return `{"level":"${level}","stream":"${stream}","time":"`;
}

/** Clocks go back, and what is no number is none in JSON either: a line that nobody can read would tell less than a 0. */
function numberOf(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** Microseconds are the finest that means something. */
function millisecondsOf(ms: number): number {
  return numberOf(Math.round(ms * 1000) / 1000);
}
