/** Controls (C0, DEL, C1), line and paragraph separators, zero-width and bidirectional marks, tags, lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text without what would move the cursor, begin a line, turn the direction or be invisible: written out as in a JSON string
 * (ASVS 5 §16.4.1, CWE-117). The result within a JSON document means the same as the text.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (sign) => [...Array(sign.length).keys()].map((at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}

/** {@link printable} for a line with its break. JSON itself lets DEL, C1 (of which U+009B begins a terminal's command) and U+2028 pass. */
export function printableLine(line: string): string {
  return line.endsWith('\n') ? `${printable(line.slice(0, -1))}\n` : printable(line);
}
