import type { TimingWheel } from '@midgard/queue';
import { Heartbeat } from './heartbeat.ts';
import type { TcpOptions } from './options.ts';
import type { Timers } from './timers.ts';

/**
 * The life of a connection:
 * - `hello`: nothing has arrived yet; only a hello may
 * - `shaking`: the hello is being checked; what follows it waits
 * - `open`: requests are answered
 * - `draining`: the goodbye is sent; earlier requests are answered, new ones get 1008
 * - `closing`: nothing more is read; requests in flight are answered, then the last frame goes out
 * - `ended`: everything is said; bytes that still come are thrown away, so that no reset overtakes the last frame
 * - `closed`: the socket is gone
 */
export type Phase = 'hello' | 'shaking' | 'open' | 'draining' | 'closing' | 'ended' | 'closed';

/**
 * What it is time for:
 * - `helloMissing`, `helloUnchecked`: the hello, or its check, took too long
 * - `slow`: the peer has not read for too long what it was sent
 * - `ping`: it was silent for a heartbeat
 * - `dead`: for two
 * - `end`: nothing more is to be expected of it
 * - `cut`: it had time enough for the last frame
 */
export type Due = 'helloMissing' | 'helloUnchecked' | 'slow' | 'ping' | 'dead' | 'end' | 'cut';

/** What is looked at when its time has come. */
export interface Mortal {
  /** Looks at what it is time for. */
  look(): void;
}

/** What a lifetime depends on besides the time. */
export interface LifeSigns {
  /** Requests that are not answered yet. */
  readonly inFlight: number;
  /** Whether bytes wait in the socket. */
  readonly isSending: boolean;
  /** Whether the peer broke the protocol or is not wanted: it may not hold us up. */
  readonly hasFailed: boolean;
}

/** What comes next if nothing changes. */
interface Limit {
  readonly due: Due;
  readonly at: number;
  /** It may change, so look again within so long. */
  readonly withinMs?: number;
}

interface LifetimeParts {
  readonly timers: Pick<Timers, 'now'>;
  readonly wheel: TimingWheel<Mortal>;
  readonly options: Pick<TcpOptions, 'heartbeatMs' | 'helloTimeoutMs' | 'slowConsumerMs'>;
}

/** How long a refused connection waits for its requests in flight, and an ended one for the peer to close too. */
const lingerMs = 1000;
/** How long a drained connection must be silent before it is closed: a request that was on its way still gets its 1008. */
const quietMs = 100;
/** A drained connection is looked at this often: it may have become quiet, or answered its last request. */
const drainLookMs = 25;
/** A slow reader is looked at this often: it may have caught up in part. */
const stallLookMs = 500;

/**
 * The phases of a connection and how long each may last.
 *
 * At rest it costs one timer of the wheel, which is not touched when the peer is heard: it fires, finds a sign of life, and is started for what
 * is left.
 */
export class Lifetime {
  readonly #parts: LifetimeParts;
  readonly #owner: Mortal;
  readonly #heartbeat: Heartbeat;
  #phase: Phase = 'hello';
  /** When the phase began. */
  #since: number;
  #stalledSince: number | null = null;
  #timer = -1;
  /** When the timer fires; Infinity: never. */
  #lookAt = Infinity;

  /** @param owner looked at in time, from now on until it is `closed` */
  constructor(parts: LifetimeParts, owner: Mortal) {
    this.#parts = parts;
    this.#owner = owner;
    this.#since = parts.timers.now();
    this.#heartbeat = new Heartbeat(parts.options.heartbeatMs, this.#since);
    this.#lookBy(this.#since + parts.options.helloTimeoutMs);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether the peer is too slow a reader to be read from. */
  get isStalled(): boolean {
    return this.#stalledSince !== null;
  }

  /** Goes on to a phase, whose time begins now. */
  enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = this.#parts.timers.now();
    if (phase === 'closed') this.#cancel();
    else if (phase === 'draining') this.#lookBy(this.#since + drainLookMs);
    else if (phase === 'closing' || phase === 'ended') this.#lookBy(this.#since + lingerMs);
  }

  /**
   * The peer was heard.
   * @returns when, by the timers
   */
  beat(): number {
    const now = this.#parts.timers.now();
    this.#heartbeat.beat(now);
    return now;
  }

  /** The peer does not read what it is sent. */
  stall(): void {
    this.#stalledSince = this.#parts.timers.now();
    this.#lookBy(this.#stalledSince + Math.min(stallLookMs, this.#parts.options.slowConsumerMs));
  }

  /** The peer has caught up. The silence was ours: it could not be heard. */
  relieve(): void {
    this.#stalledSince = null;
    this.beat();
  }

  /** Tells what it is time for, if anything, and when to look again. Call it from {@link Mortal.look}, and carry out what it says. */
  check(signs: LifeSigns): Due | undefined {
    const now = this.#parts.timers.now();
    // The timer that has fired is gone.
    this.#timer = -1;
    this.#lookAt = Infinity;
    if (this.#phase === 'open' && !this.isStalled) return this.#checkSilence(now);
    const { due, at, withinMs = Infinity } = this.#limit(signs);
    // Whatever is due begins another phase, which sets its own time.
    if (now >= at) return due;
    this.#lookBy(Math.min(at, now + withinMs));
    return undefined;
  }

  #checkSilence(now: number): Due | undefined {
    const silence = this.#heartbeat.check(now);
    if (silence !== 'dead') this.#lookBy(this.#heartbeat.dueAt);
    return silence === 'short' ? undefined : silence;
  }

  #limit({ inFlight, isSending, hasFailed }: LifeSigns): Limit {
    const { helloTimeoutMs, slowConsumerMs } = this.#parts.options;
    const since = this.#since;
    switch (this.#phase) {
      case 'hello':
        return { due: 'helloMissing', at: since + helloTimeoutMs };
      case 'shaking':
        return { due: 'helloUnchecked', at: since + helloTimeoutMs };
      case 'closing':
        // A peer that has only closed its half may wait for slow answers.
        return { due: 'end', at: since + (hasFailed ? lingerMs : slowConsumerMs) };
      case 'ended':
        // The last answers may take a while on a slow line; a peer that has them all, or was too slow before, has no such time.
        return { due: 'cut', at: since + (isSending && !this.isStalled ? slowConsumerMs : lingerMs), withinMs: lingerMs };
      case 'closed':
        return { due: 'cut', at: Infinity };
      default:
    }
    if (this.#stalledSince !== null) return { due: 'slow', at: this.#stalledSince + slowConsumerMs, withinMs: stallLookMs };
    const quietAt = Math.max(since, this.#heartbeat.heardAt) + quietMs;
    return { due: 'end', at: inFlight === 0 ? quietAt : Infinity, withinMs: drainLookMs };
  }

  #lookBy(at: number): void {
    if (at >= this.#lookAt) return;
    this.#cancel();
    this.#lookAt = at;
    this.#timer = this.#parts.wheel.start(Math.max(0, at - this.#parts.timers.now()), this.#owner);
  }

  #cancel(): void {
    if (this.#timer !== -1) this.#parts.wheel.cancel(this.#timer);
    this.#timer = -1;
    this.#lookAt = Infinity;
  }
}
