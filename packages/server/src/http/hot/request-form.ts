import { maxHeaders } from '../request-headers.ts';

/** What a header means to the hot way. Those from {@link Kind.host} on are read, and stand once. */
const Kind = {
  /** Not looked at on the full way either. */
  ignored: 0,
  /** The full way does something for it, or refuses it. */
  strange: 1,
  /** Not looked at, and refused where it stands twice. */
  single: 2,
  host: 3,
  apiKey: 4,
  authorization: 5,
  acceptEncoding: 6,
  ifNoneMatch: 7,
  requestId: 8,
  forwarded: 9,
} as const;

const kinds: ReadonlyMap<string, number> = new Map([
  ['content-type', Kind.single],
  ['host', Kind.host],
  ['x-api-key', Kind.apiKey],
  ['authorization', Kind.authorization],
  ['accept-encoding', Kind.acceptEncoding],
  ['if-none-match', Kind.ifNoneMatch],
  ['x-request-id', Kind.requestId],
  ...[
    'content-length',
    'content-encoding',
    'transfer-encoding',
    'expect',
    'range',
    'if-range',
    'if-match',
    'idempotency-key',
    'upgrade',
    'origin',
    'traceparent',
  ].map((name) => [name, Kind.strange] as const),
]);

/** Ways to write names of headers that are remembered; a client may make up more. */
const maxNames = 256;

/**
 * The headers of one request that the hot way goes by, one request after the other in the same object. A read makes nothing new: Node's own
 * table of headers, which is made when it is first asked for, costs more than all of this.
 */
export class RequestForm {
  readonly #values: (string | undefined)[] = Array.from({ length: Kind.forwarded + 1 });
  /** By the name as it was written. */
  readonly #kindByName = new Map<string, number>();
  readonly #forwardedHeader: string | undefined;

  /** @param forwardedHeader the one by which proxies tell whom they speak for, in lower case */
  constructor(forwardedHeader: string | undefined) {
    this.#forwardedHeader = forwardedHeader;
  }

  /**
   * Reads the headers of a request.
   *
   * @param rawHeaders names and values in turn, as Node's `rawHeaders`
   * @returns whether there is nothing among them that is the full way's
   */
  read(rawHeaders: readonly string[]): boolean {
    const values = this.#values.fill(undefined);
    if (rawHeaders.length > 2 * maxHeaders) return false;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const kind = this.#kindOf(rawHeaders[at] ?? '');
      if (kind === Kind.ignored) continue;
      if (kind === Kind.strange || values[kind] !== undefined) return false;
      values[kind] = rawHeaders[at + 1];
    }
    return true;
  }

  get host(): string | undefined {
    return this.#values[Kind.host];
  }

  get apiKey(): string | undefined {
    return this.#values[Kind.apiKey];
  }

  get authorization(): string | undefined {
    return this.#values[Kind.authorization];
  }

  get acceptEncoding(): string | undefined {
    return this.#values[Kind.acceptEncoding];
  }

  get ifNoneMatch(): string | undefined {
    return this.#values[Kind.ifNoneMatch];
  }

  get requestId(): string | undefined {
    return this.#values[Kind.requestId];
  }

  /** What a proxy told; undefined where none is believed. */
  get forwarded(): string | undefined {
    return this.#values[Kind.forwarded];
  }

  #kindOf(name: string): number {
    const known = this.#kindByName.get(name);
    if (known !== undefined) return known;
    const lower = name.toLowerCase();
    const kind = lower === this.#forwardedHeader ? Kind.forwarded : (kinds.get(lower) ?? Kind.ignored);
    if (this.#kindByName.size === maxNames) this.#kindByName.clear();
    this.#kindByName.set(name, kind);
    return kind;
  }
}
