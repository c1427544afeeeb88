/** What a reader of a log still reads. */
const maxLength = 2000;

/** Quoted names, which stay; then literals and numbered placeholders, which do not. */
const tokens = /"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*'|:\d+|(?<![\w$])\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;

/** Lists of placeholders alone, such as those of `in`. */
const placeholders = /\(\s*\?(?:\s*,\s*\?)*\s*\)/g;

/** The same in brackets again and again: rows of an insert, keys of a list. One level of brackets may be within. */
const repeatedBrackets = /(\((?:[^()]|\([^()]*\))*\))(?:(?:\s*,\s*|\s+or\s+)\1)+/gi;

/** The same select again and again: rows of Oracle's merge. */
const repeatedSelects = /(union all select [^()]*?(?:\([^()]*\)[^()]*?)*? from dual)(?: \1)+/gi;

/**
 * Brings statements that differ in values and in how many of them there are to one text, as a slow-query log groups them.
 * Literals of hand-written statements become placeholders, so the text holds no values; strings are read as the SQL standard has them.
 *
 * O(length); the result is at most 2000 characters long.
 *
 * @example
 * ```ts
 * import { normalizedStatement } from '@midgard/dao';
 * console.log(normalizedStatement("select a from t where b in (?, ?, ?) and c = 'x'")); // select a from t where b in (?, …) and c = ?
 * ```
 */
export function normalizedStatement(text: string): string {
  const normal = text
    .replace(tokens, (token) => (token.startsWith('"') || token.startsWith('`') ? token : '?'))
    .replace(placeholders, '(?, …)')
    .replace(repeatedBrackets, '$1, …')
    .replace(repeatedSelects, '$1 …')
    .replace(/\s+/g, ' ')
    .trim();
  return normal.length <= maxLength ? normal : `${normal.slice(0, maxLength - 1)}…`;
}
