/** Shorter pieces come up by chance. */
const leastCharacters = 12;

/** Secrets that a test has planted, and every form in which one could come out again. */
export class KnownSecrets {
  readonly #forms = new Map<string, readonly string[]>();

  /**
   * Remembers a secret.
   *
   * @param name what it is called where it is found
   * @param secret at least 12 characters; of longer ones each half counts, so that one that was cut is found too
   * @returns the secret
   */
  plant(name: string, secret: string): string {
    if (secret.length < leastCharacters) throw new Error(`${name} is too short to be told from chance`);
    const half = Math.ceil(secret.length / 2);
    const pieces = half < leastCharacters ? [secret] : [secret.slice(0, half), secret.slice(half)];
    this.#forms.set(name, [...new Set(pieces.flatMap(formsOf))]);
    return secret;
  }

  /** The names of what was planted, for a test that shows that nothing was forgotten. */
  get names(): readonly string[] {
    return [...this.#forms.keys()];
  }

  /** @returns the names of the secrets that a text holds in any form */
  foundIn(text: string): readonly string[] {
    return [...this.#forms].flatMap(([name, forms]) => (forms.some((form) => text.includes(form)) ? [name] : []));
  }
}

/** As it is, in other case, and as JSON, URLs, base64 and hex write it. */
function formsOf(piece: string): readonly string[] {
  const bytes = Buffer.from(piece);
  const json = escapedOnce(piece);
  const uri = encodeURIComponent(piece);
  const hex = bytes.toString('hex');
  return [
    piece,
    piece.toLowerCase(),
    piece.toUpperCase(),
    json,
    escapedOnce(json),
    uri,
    uri.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    bytes.toString('latin1'),
    hex,
    hex.toUpperCase(),
    ...[0, 1, 2].flatMap((before) => insideBase64(bytes, before)),
  ];
}

function escapedOnce(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** What is sure to stand in the base64 of any text that holds these bytes behind so many others. */
function insideBase64(bytes: Buffer, before: number): readonly string[] {
  const skipped = (3 - before) % 3;
  const whole = bytes.subarray(skipped, skipped + Math.floor((bytes.length - skipped) / 3) * 3);
  return whole.length < leastCharacters ? [] : [whole.toString('base64'), whole.toString('base64url')];
}
