/** Stands where a secret was. */
export const redacted = '[redacted]';

/** Deeper objects are cut: a log line is for people, and a cycle ends here at the latest. */
const deepestLevel = 8;

/** Whole keys that hold secrets, compared without case, dashes and underscores. */
const secretKeys: ReadonlySet<string> = new Set([
  'authorization', 'proxyauthorization', 'cookie', 'setcookie', 'key', 'keys', 'pepper', 'salt', 'signature', 'jwt',
]);

/** Endings of keys that hold secrets: `dbPassword`, `x-api-key`, `refreshToken`; but not `tokenCount` or `cacheKey`. */
const secretEnding = /(?:password|passwd|passphrase|secret|token|credential|apikey|privatekey|signingkey|secretkey)s?$/;

/** Secrets by their form, wherever they stand in a text: our API keys, JWTs, authorization headers, credentials of a URL. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/\bmdg_[a-z]+_[A-Za-z0-9]+_[A-Za-z0-9_-]+/g, redacted],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, redacted],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/(:\/\/)[^\s/]*@/g, `$1${redacted}@`],
];

/** Turns what a program logs into plain data without secrets. */
export type Redact = (value: unknown) => unknown;

/**
 * Makes a copier that hides secrets at any depth, by key and by form.
 *
 * Errors become `{type, message, code?, stack, cause?, …}` with their own fields; bigints become decimal strings, which
 * JSON cannot hold; a getter that throws hides its value. Never throws, never changes its input.
 *
 * @param extraKeys further keys that hold secrets; case, dashes and underscores do not count
 */
export function redactor(extraKeys: readonly string[] = []): Redact {
  const extra = new Set(extraKeys.map((key) => plain(key)));
  const isSecret = (key: string): boolean => secretKeys.has(key) || extra.has(key) || secretEnding.test(key);
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return redactText(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (depth >= deepestLevel) return '[deep]';
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    if (value instanceof Error) return errorFields(value, depth);
    return fieldsOf(value, depth);
  };
  const fieldsOf = (value: object, depth: number): Record<string, unknown> => {
    const entries = value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : readable(value);
    return Object.fromEntries(entries.map(([key, item]) => [key, isSecret(plain(key)) ? hide(item) : copy(item, depth + 1)]));
  };
  const errorFields = (error: Error, depth: number): Record<string, unknown> => {
    const { message, stack, cause } = error;
    const own = fieldsOf(error, depth);
    delete own['name'];
    const told = { type: error.name, message: redactText(message), ...own, stack: redactText(stack ?? '') };
    const errors = error instanceof AggregateError ? { errors: copy(error.errors, depth + 1) } : undefined;
    return { ...told, ...errors, ...(cause !== undefined && { cause: copy(cause, depth + 1) }) };
  };
  return (value) => copy(value, 0);
}

/** Hides secrets that a text shows by their form. O(length). */
export function redactText(text: string): string {
  return secretTexts.reduce((clean, [form, mark]) => clean.replaceAll(form, mark), text);
}

/** Nothing to hide in an absent value, and whether it is absent is what a reader of the log wants to know. */
function hide(value: unknown): unknown {
  return value === undefined || value === null || value === '' ? value : redacted;
}

function readable(value: object): (readonly [string, unknown])[] {
  return Object.keys(value).map((key) => {
    try {
      return [key, Reflect.get(value, key)] as const;
    } catch {
      return [key, '[unreadable]'] as const;
    }
  });
}

function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}
