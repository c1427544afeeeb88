/** How soon a worker that died is started again. */
export interface RestartBackOffOptions {
  /** Wait after the first death, in milliseconds; each further one is twice as long. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** A worker that served for so long before it died has shown that it can: the count begins anew. */
  readonly steadyMs?: number;
  /** Deaths in a row, each before `steadyMs`, after which no further start is tried. */
  readonly maxDeaths?: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: () => number;
  /** 0 inclusive to 1 exclusive. */
  readonly random?: () => number;
}

/** Counts the deaths of the worker in one place, and says how long to wait before the next start: exponential, with full jitter in its upper half. */
export class RestartBackOff {
  readonly #options: Required<RestartBackOffOptions>;
  #deaths = 0;
  #startedAt: number | undefined;

  constructor({
    firstMs = 100,
    maxMs = 30_000,
    steadyMs = 10_000,
    maxDeaths = 8,
    now = () => performance.now(),
    random = Math.random,
  }: RestartBackOffOptions = {}) {
    this.#options = { firstMs, maxMs, steadyMs, maxDeaths, now, random };
  }

  /** A worker is ready. */
  ready(): void {
    this.#startedAt = this.#options.now();
  }

  /** A worker died. @returns milliseconds to wait, or undefined: it died too often */
  died(): number | undefined {
    const { firstMs, maxMs, steadyMs, maxDeaths, now, random } = this.#options;
    const wasSteady = this.#startedAt !== undefined && now() - this.#startedAt >= steadyMs;
    this.#startedAt = undefined;
    this.#deaths = wasSteady ? 1 : this.#deaths + 1;
    if (this.#deaths >= maxDeaths) return undefined;
    const fullMs = Math.min(maxMs, firstMs * 2 ** (this.#deaths - 1));
    return fullMs * (0.5 + random() / 2);
  }
}
