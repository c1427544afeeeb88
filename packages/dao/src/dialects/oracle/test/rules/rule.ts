import type { Token } from '../tokens.ts';

/** One thing that Oracle does not take, or that we do not want to send to it. */
export interface Rule {
  /** Stable; tests and reports name it. */
  readonly id: string;
  /** Oracle's error; `none` where Oracle takes it and does what nobody wants. */
  readonly ora: string;
  /** What is wrong, for the one who reads the report. */
  readonly why: string;
  /** @returns the pieces that break the rule */
  find(tokens: readonly Token[]): readonly Token[];
}

/** @returns whether the piece is one of these unquoted words or symbols */
export function is(token: Token | undefined, ...texts: readonly string[]): boolean {
  return token !== undefined && (token.kind === 'word' || token.kind === 'symbol') && texts.includes(token.text);
}

/** @returns the rule that a sequence of words and symbols does not occur; the first of them is what is found */
export function never(id: string, ora: string, why: string, ...sequences: readonly (readonly string[])[]): Rule {
  const begins = (tokens: readonly Token[], at: number): boolean =>
    sequences.some((sequence) => sequence.every((text, offset) => is(tokens[at + offset], text)));
  return { id, ora, why, find: (tokens) => tokens.filter((_, at) => begins(tokens, at)) };
}

/** @returns the pieces behind `from` up to the end of the clause: a piece at its depth that is one of `ends`, or the end of the bracket around it */
export function clause(tokens: readonly Token[], from: number, ends: readonly string[]): readonly Token[] {
  const depth = tokens[from]?.depth ?? 0;
  return upTo(tokens, from, (token) => token.depth < depth || (token.depth === depth && is(token, ...ends)));
}

/** @returns the pieces in the bracket that opens at `from` */
export function bracket(tokens: readonly Token[], from: number): readonly Token[] {
  const depth = tokens[from]?.depth ?? 0;
  return upTo(tokens, from, (token) => token.depth === depth);
}

function upTo(tokens: readonly Token[], from: number, isEnd: (token: Token) => boolean): readonly Token[] {
  const rest = tokens.slice(from + 1);
  const end = rest.findIndex(isEnd);
  return end < 0 ? rest : rest.slice(0, end);
}

/** @returns the parts of a list in brackets that opens at `from`, without the commas between them */
export function listParts(tokens: readonly Token[], from: number): readonly (readonly Token[])[] {
  const depth = (tokens[from]?.depth ?? 0) + 1;
  const parts: Token[][] = [[]];
  for (const token of bracket(tokens, from)) {
    if (token.depth === depth && is(token, ',')) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
