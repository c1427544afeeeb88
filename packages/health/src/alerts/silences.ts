import { randomUUID } from 'node:crypto';
import { HealthError } from '../errors.ts';
import { type Clock, wallClock } from '../time.ts';
import type { Labels } from './labels.ts';
import { type Matcher, matchesAll } from './matcher.ts';
import { parseWith, silenceSchema, type SilenceInput } from './schema.ts';

/** What somebody does not want to hear of for a while. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** Epoch milliseconds. */
  readonly from: number;
  /** Epoch milliseconds; brought forward when it is ended. */
  readonly until: number;
  readonly author: string;
  readonly comment: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** A silence, and where it stands. */
export interface SilenceReport extends Silence {
  readonly state: 'pending' | 'active' | 'expired';
}

/** Set-up of {@link Silences}. */
export interface SilencesOptions {
  /** Those of an earlier process, from {@link Silences.list}. */
  readonly initial?: readonly Silence[] | undefined;
  /** Most that are kept, the expired included, 1 or more (default 1000). */
  readonly max?: number | undefined;
  /** How long an expired one stays in the list, milliseconds (default 5 days, as in Alertmanager). */
  readonly keepMs?: number | undefined;
  /** Default: the time of day. */
  readonly clock?: Clock | undefined;
  /** Default: a random UUID. */
  readonly newId?: (() => string) | undefined;
}

/** Keeps alerts quiet that match, from one time to another. They are in memory: an app that wants them to outlive it keeps the list. */
export class Silences {
  readonly #silences = new Map<string, Silence>();
  readonly #max: number;
  readonly #keepMs: number;
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor({ initial = [], max = 1000, keepMs = 5 * 86_400_000, clock = wallClock, newId = randomUUID }: SilencesOptions = {}) {
    for (const silence of initial) this.#silences.set(silence.id, silence);
    this.#max = max;
    this.#keepMs = keepMs;
    this.#clock = clock;
    this.#newId = newId;
  }

  /**
   * @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field: no matcher, no time, no author, already over, or too many
   */
  add(input: SilenceInput): Silence {
    const now = this.#clock.now();
    const { from = now, until, ...rest } = parseWith(silenceSchema, input, 'silence');
    if (until <= Math.max(from, now)) throw new HealthError('ERR_HEALTH_OPTIONS', 'silence.until: must be after from, and in the future');
    this.#forget(now);
    if (this.#silences.size >= this.#max) throw new HealthError('ERR_HEALTH_OPTIONS', `silence: there are ${this.#max} already`);
    const silence: Silence = { ...rest, id: this.#newId(), from, until, createdAt: now };
    this.#silences.set(silence.id, silence);
    return silence;
  }

  /**
   * Ends one now. It stays in the list for a while; one that has ended stays as it is.
   *
   * @throws {HealthError} `ERR_HEALTH_UNKNOWN`: there is none of that id
   */
  expire(id: string): Silence {
    const silence = this.#silences.get(id);
    if (silence === undefined) throw new HealthError('ERR_HEALTH_UNKNOWN', 'there is no silence of that id');
    const now = this.#clock.now();
    const ended = { ...silence, from: Math.min(silence.from, now), until: Math.min(silence.until, now) };
    this.#silences.set(id, ended);
    return ended;
  }

  /** All, the youngest first. */
  list(): readonly SilenceReport[] {
    const now = this.#clock.now();
    this.#forget(now);
    const reports = Array.from(this.#silences.values(), (silence): SilenceReport => ({ ...silence, state: stateOf(silence, now) }));
    return reports.sort((a, b) => b.createdAt - a.createdAt);
  }

  /** The ids of those that keep an alert quiet now; none when it is to be heard. O(silences). */
  matching(labels: Labels): readonly string[] {
    const now = this.#clock.now();
    return [...this.#silences.values()].flatMap((silence) => (stateOf(silence, now) === 'active' && matchesAll(labels, silence.matchers) ? [silence.id] : []));
  }

  #forget(now: number): void {
    for (const [id, { until }] of this.#silences) if (until + this.#keepMs <= now) this.#silences.delete(id);
  }
}

function stateOf({ from, until }: Silence, now: number): SilenceReport['state'] {
  if (until <= now) return 'expired';
  return from <= now ? 'active' : 'pending';
}
