/** Stands where a secret was. */
export const redacted = '[redacted]';

/** Stands where a getter, a `toJSON` or a proxy threw. */
const unreadable = '[unreadable]';

/** Deeper objects are cut: a log line is for people, and a cycle ends here at the latest. */
const deepestLevel = 8;

/** Most entries of one list or object, as many as pino keeps, and most values of one field. */
const mostItems = 100;
const mostValues = 1000;

/** Whole keys that hold secrets, compared without case, dashes and underscores. */
const secretKeys: ReadonlySet<string> = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'key',
  'keys',
  'pepper',
  'salt',
  'signature',
  'jwt',
]);

/** Endings of keys that hold secrets: `dbPassword`, `x-api-key`, `refreshToken`; but not `tokenCount` or `cacheKey`. */
const secretEnding = /(?:password|passwd|passphrase|secret|token|credential|apikey|privatekey|signingkey|secretkey)s?$/;

/**
 * Secrets by their form, wherever they stand in a text: our API keys, authorization headers, credentials of a URL. Each takes time linear in the
 * text, and is looked for only where its sign is.
 */
const secretTexts: readonly { readonly form: RegExp; readonly mark: string; readonly sign: string }[] = [
  { form: /\bmdg_[a-z]+_[A-Za-z0-9]+_[A-Za-z0-9_-]+/g, mark: redacted, sign: 'mdg_' },
  { form: /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, mark: `$1 ${redacted}`, sign: '' },
  { form: /(:\/\/)[^\s/]*@/g, mark: `$1${redacted}@`, sign: '://' },
];

/** Parts of base64url joined by dots, each such text as a whole. */
const dottedText = /(?<![\w-])[\w-]+(?:\.[\w-]*)+/g;

/** `eyJ` is `{"` in base64url; no header of a JWT is shorter. */
const leastJwtHeader = 11;

/** Keys of which it is remembered whether they hold secrets, and the longest of them in characters: 64 KiB at most. */
const mostKeys = 1000;
const longestKey = 64;

/** Turns what a program logs into plain data without secrets. */
export type Redact = (value: unknown) => unknown;

/**
 * Makes a copier that hides secrets at any depth, by key and by form.
 *
 * Errors become `{type, message, stack, cause?, …}` with their own fields; bigints become decimal strings, which JSON
 * cannot hold; `toJSON` is asked. Never throws, never changes its input, and ends after a bounded number of values, so
 * that a socket logged by mistake costs one long line and not the process.
 *
 * @param extraKeys further keys that hold secrets; case, dashes and underscores do not count
 */
export function redactor(extraKeys: readonly string[] = []): Redact {
  const extra = new Set(extraKeys.map((key) => plain(key)));
  const isSecret = remembered((key) => {
    const name = plain(key);
    return secretKeys.has(name) || extra.has(name) || secretEnding.test(name);
  });
  return (value) => new Copy(isSecret).of(value, 0);
}

/** One copy of one logged field, with what is left of its budget. */
class Copy {
  readonly #isSecret: (key: string) => boolean;
  #left = mostValues;

  constructor(isSecret: (key: string) => boolean) {
    this.#isSecret = isSecret;
  }

  of(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return redactText(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= deepestLevel || this.#left <= 0) return '[more]';
    try {
      return this.#object(value, depth);
    } catch {
      return unreadable; // A `toJSON` that throws, a proxy that was revoked.
    }
  }

  #object(value: object, depth: number): unknown {
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof Set) return this.#list([...value], depth);
    if (value instanceof Map)
      return this.#fields(
        [...value].map(([key, item]) => [keyOf(key), item] as const),
        depth,
      );
    if (value instanceof Error) return this.#error(value, depth);
    const json = asJson(value);
    return json === undefined ? this.#fields(readable(value), depth) : this.of(json, depth + 1);
  }

  #list(items: readonly unknown[], depth: number): unknown[] {
    const kept = this.#affordable(items);
    const copied = kept.map((item) => this.of(item, depth + 1));
    return kept.length === items.length ? copied : [...copied, `[${items.length - kept.length} more]`];
  }

  #fields(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
    // Each field of the line has a budget of its own: a huge one does not hide the error beside it.
    const copyOf = (item: unknown): unknown => (depth === 0 ? new Copy(this.#isSecret) : this).of(item, depth + 1);
    const kept = this.#affordable(entries);
    const copied = kept.map(([key, item]): [string, unknown] => [key, this.#isSecret(key) ? hide(item) : copyOf(item)]);
    if (kept.length < entries.length) copied.push(['more', `[${entries.length - kept.length} more]`]);
    return Object.fromEntries(copied);
  }

  #affordable<T>(items: readonly T[]): readonly T[] {
    const kept = items.slice(0, Math.min(mostItems, this.#left));
    this.#left -= kept.length;
    return kept;
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    const cause = readableAt(error, 'cause');
    // Its own field may be called like one that is told of every error, and hold anything.
    const own = readable(error)
      .filter(([key]) => key !== 'name' && key !== 'message' && key !== 'stack')
      .map(([key, value]) => [key === 'type' ? 'type_' : key, value] as const);
    const errors = error instanceof AggregateError ? { errors: this.of(readableAt(error, 'errors'), depth + 1) } : undefined;
    const told = {
      type: redactText(textOf(readableAt(error, 'name'))),
      message: redactText(textOf(readableAt(error, 'message'))),
      ...this.#fields(own, depth),
      stack: redactText(textOf(readableAt(error, 'stack'))),
      ...errors,
    };
    return cause === undefined ? told : { ...told, cause: this.of(cause, depth + 1) };
  }
}

/** Hides secrets that a text shows by their form. O(length). */
export function redactText(text: string): string {
  const withoutJwts = text.includes('eyJ') ? text.replaceAll(dottedText, withoutJwt) : text;
  return secretTexts.reduce((clean, { form, mark, sign }) => (clean.includes(sign) ? clean.replaceAll(form, mark) : clean), withoutJwts);
}

/**
 * Hides the JWTs in parts that are joined by dots. One pattern for all of it would look through `eyJ-eyJ-eyJ-…` again from each `eyJ`:
 * time by the square of the length, which who writes the text could make us spend.
 */
function withoutJwt(dotted: string): string {
  const parts = dotted.split('.');
  const clean: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    const begin = part.search(/\beyJ/);
    const isJwt = begin >= 0 && part.length - begin >= leastJwtHeader && at + 2 < parts.length && parts[at + 1] !== '';
    clean.push(isJwt ? part.slice(0, begin) + redacted : part);
    if (isJwt) at += 2;
  }
  return clean.join('.');
}

/** Anyone may have set the message of an error to anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The key of a map as text: what an object says of itself may fail. */
function keyOf(key: unknown): string {
  try {
    return String(key);
  } catch {
    return unreadable;
  }
}

/** Nothing to hide in an absent value, and whether it is absent is what a reader of the log wants to know. */
function hide(value: unknown): unknown {
  return value === undefined || value === null || value === '' ? value : redacted;
}

/** What an object says of itself for JSON: dates, URLs; undefined when it says nothing. */
function asJson(value: object): unknown {
  return 'toJSON' in value && typeof value.toJSON === 'function' ? (value.toJSON() ?? null) : undefined;
}

function readable(value: object): (readonly [string, unknown])[] {
  return Object.keys(value).map((key) => [key, readableAt(value, key)] as const);
}

/** A field may be a getter that throws; so may the stack of an error, which is put together from its name when it is first read. */
function readableAt(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return unreadable;
  }
}

/** Most keys are the same few again and again; those that clients make up must not fill the memory. */
function remembered(isSecret: (key: string) => boolean): (key: string) => boolean {
  const known = new Map<string, boolean>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const verdict = isSecret(key);
    if (known.size >= mostKeys) known.clear();
    if (key.length <= longestKey) known.set(key, verdict);
    return verdict;
  };
}

function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}
