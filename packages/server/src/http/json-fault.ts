/** Where a text stops being JSON. */
export interface JsonFault {
  /** Offset in characters, from 0; the text's length where it ends too early. */
  readonly position: number;
  readonly message: string;
}

const literal = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const blank = /[ \t\n\r]*/y;

type Expectation = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or }' | ', or ]' | 'the end';

/**
 * Finds the first character at which a text cannot go on as JSON.
 *
 * `JSON.parse` names the position in some of its messages and quotes the input in others, so a refused text is walked once more.
 * The walk keeps a stack of its own and is linear in the text's length.
 *
 * @param text a text that `JSON.parse` has refused
 */
export function findJsonFault(text: string): JsonFault {
  const open: string[] = [];
  let expected: Expectation = 'value';
  let position = 0;
  for (;;) {
    position = skip(blank, text, position);
    const character = text[position];
    if (expected === 'the end' && character === undefined) return { position, message: 'no fault' };
    const width = character === undefined ? 0 : tokens[expected](text, position);
    if (character === undefined || width === 0) {
      return { position, message: character === undefined ? `ends where ${expected} is expected` : `${expected} expected` };
    }
    if (character === '{' || character === '[') open.push(character);
    else if (character === '}' || character === ']') open.pop();
    expected = following(expected, character, open.at(-1));
    position += width;
  }
}

/** Characters of the token that may stand there, 0 where something else stands. */
const tokens: Readonly<Record<Expectation, (text: string, position: number) => number>> = {
  'the end': () => 0,
  ':': (text, position) => (text[position] === ':' ? 1 : 0),
  ', or }': (text, position) => (text[position] === ',' || text[position] === '}' ? 1 : 0),
  ', or ]': (text, position) => (text[position] === ',' || text[position] === ']' ? 1 : 0),
  'key or }': (text, position) => (text[position] === '}' ? 1 : widthOfString(text, position)),
  key: widthOfString,
  'value or ]': (text, position) => (text[position] === ']' ? 1 : widthOfValue(text, position)),
  value: widthOfValue,
};

function widthOfValue(text: string, position: number): number {
  if (text[position] === '{' || text[position] === '[') return 1;
  return widthOfString(text, position) || skip(literal, text, position) - position;
}

/** By hand, since a pattern with a choice inside a repetition would go back over a megabyte of text. */
function widthOfString(text: string, start: number): number {
  if (text[start] !== '"') return 0;
  let position = start + 1;
  while (position < text.length) {
    const character = text[position] ?? '';
    if (character === '"') return position + 1 - start;
    const next = character === '\\' ? skip(escape, text, position) : position + 1;
    if (next === position || character < ' ') return 0;
    position = next;
  }
  return 0;
}

function following(expected: Expectation, character: string, parent: string | undefined): Expectation {
  if (character === '{') return 'key or }';
  if (character === '[') return 'value or ]';
  if (expected.startsWith('key') && character !== '}') return ':';
  if (character === ':') return 'value';
  if (character === ',') return parent === '{' ? 'key' : 'value';
  if (parent === undefined) return 'the end';
  return parent === '{' ? ', or }' : ', or ]';
}

function skip(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}
