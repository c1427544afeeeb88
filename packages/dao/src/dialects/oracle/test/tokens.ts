/** What a piece of a statement is; `unknown` is a character that Oracle's SQL does not have. */
export type TokenKind = 'word' | 'name' | 'text' | 'number' | 'bind' | 'symbol' | 'comment' | 'unknown';

/** A piece of a statement. */
export interface Token {
  readonly kind: TokenKind;
  /** As written; words in upper case, names and texts without their quotes. */
  readonly text: string;
  /** How many brackets are open before it. */
  readonly depth: number;
  /** Where it begins, from 0. */
  readonly start: number;
}

const pieces =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^']|'')*')|(?<name>"[^"]*")|(?<bind>:[A-Za-z0-9_]*|\?|[$@][A-Za-z0-9_]+)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z][A-Za-z0-9_$#]*)|(?<symbol><=|>=|<>|!=|\|\||[-+*/=<>(),.;%])|(?<unknown>[\s\S])/gy;

/** @returns the pieces of a statement, without the space between them */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const { index: start, groups = {} } of text.matchAll(pieces)) {
    const entry = Object.entries(groups).find(([, piece]) => piece !== undefined);
    const [kind, written] = entry ?? [];
    if (written === undefined || !isKind(kind)) continue;
    if (written === ')') depth -= 1;
    tokens.push({ kind, text: bare(kind, written), depth, start });
    if (written === '(') depth += 1;
  }
  return tokens;
}

function isKind(kind: string | undefined): kind is TokenKind {
  return kind !== undefined && kind !== 'space';
}

function bare(kind: TokenKind, written: string): string {
  if (kind === 'word') return written.toUpperCase();
  return kind === 'name' || kind === 'text' ? written.slice(1, -1) : written;
}

/** @returns line and column of a place, both from 1 */
export function placeOf(text: string, start: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, start);
  return { line: before.split('\n').length, column: start - before.lastIndexOf('\n') };
}
