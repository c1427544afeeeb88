/** A piece of SQL that means something: comments and white space are none. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'bind' | 'symbol';
  /** Words are in upper case; a quoted name is without its quotes; a string is as it is written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** How many parentheses are open around it; a parenthesis has the depth of what is around the pair. */
  readonly depth: number;
}

const pattern =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<q>[nN]?[qQ]'(?:\[[\s\S]*?\]'|\{[\s\S]*?\}'|<[\s\S]*?>'|\([\s\S]*?\)'|([^\s[{<(])[\s\S]*?\3'))|(?<string>[nN]?'(?:[^']|'')*')|(?<quoted>"[^"]*")|(?<bind>:\s*(?:"[^"]*"|[0-9]+|[\p{L}][\p{L}\p{N}$_#]*))|(?<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?<word>\p{L}[\p{L}\p{N}$_#]*)|(?<symbol><=|>=|<>|!=|\^=|\|\||=>|[\s\S])/uy;

/**
 * Cuts SQL into tokens, so that what looks like syntax within strings, names and comments is not taken for it. O(length).
 */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(sql); match !== null; match = pattern.exec(sql)) {
    const { space, q, string, quoted, bind, number, word } = match.groups ?? {};
    if (space !== undefined) continue;
    const [text] = match;
    const end = pattern.lastIndex;
    if (text === ')') depth--;
    const place = { start: match.index, end, depth };
    if (text === '(') depth++;
    if (q !== undefined || string !== undefined) tokens.push({ kind: 'string', text, ...place });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.slice(1, -1), ...place });
    else if (bind !== undefined) tokens.push({ kind: 'bind', text: bind, ...place });
    else if (number !== undefined) tokens.push({ kind: 'number', text, ...place });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toUpperCase(), ...place });
    else tokens.push({ kind: 'symbol', text, ...place });
  }
  return tokens;
}

/** @returns whether it is this keyword: a word, not a quoted name that reads the same */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text);
}

/** @returns whether it is this symbol, not a string of it */
export function isSymbol(token: Token | undefined, ...symbols: readonly string[]): boolean {
  return token?.kind === 'symbol' && symbols.includes(token.text);
}

/** @returns the place of the first of these words outside of all parentheses, from a place on; -1 when there is none */
export function topLevel(tokens: readonly Token[], words: readonly string[], from = 0): number {
  return tokens.findIndex((token, at) => at >= from && token.depth === 0 && isWord(token, ...words));
}
