/** Controls (C0, C1, DEL), line and paragraph separators, zero-width and bidirectional marks, tags, lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text as one harmless line of a terminal or a log: what would move the cursor, begin a line, turn the direction or be invisible is
 * written out as in a JSON string (ASVS 5 §16.4.1, CWE-117). The result within a JSON document means the same as the text.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (sign) => [...Array(sign.length).keys()].map((at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}
