import type { Sample } from './metric-source.ts';

/**
 * Takes apart one line of Prometheus text.
 *
 * @param line without its line feed: `name{label="value"} 1 1700000000000`
 * @returns undefined where it is not of the format
 */
export function parseSample(line: string): Sample | undefined {
  const open = line.indexOf('{');
  if (open < 0) return sampleOf({}, line.slice(line.search(/[ \t]/)));
  const labels: Record<string, string> = {};
  let at = open + 1;
  while (at < line.length && line[at] !== '}') {
    const equals = line.indexOf('=', at);
    if (equals < 0 || line[equals + 1] !== '"') return undefined;
    const { value, end } = quotedAt(line, equals + 2);
    labels[line.slice(at, equals).trim()] = value;
    at = line[end] === ',' ? end + 1 : end;
    while (line[at] === ' ') at += 1;
  }
  return sampleOf(labels, line.slice(at + 1));
}

function quotedAt(line: string, start: number): { readonly value: string; readonly end: number } {
  const quote = line.indexOf('"', start);
  const plain = line.slice(start, quote < 0 ? line.length : quote);
  // Nearly all are free of escapes.
  if (!plain.includes('\\')) return { value: plain, end: start + plain.length + 1 };
  let value = '';
  let at = start;
  for (; at < line.length && line[at] !== '"'; at += 1) {
    if (line[at] === '\\') {
      at += 1;
      value += line[at] === 'n' ? '\n' : (line[at] ?? '');
    } else value += line[at] ?? '';
  }
  return { value, end: at + 1 };
}

const wordsForNumbers: ReadonlyMap<string, number> = new Map([
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
  ['NaN', Number.NaN],
]);

function sampleOf(labels: Readonly<Record<string, string>>, rest: string): Sample | undefined {
  const [word = ''] = rest.trim().split(/[ \t]/);
  const value = wordsForNumbers.get(word) ?? (word === '' ? undefined : Number(word));
  return value === undefined || (Number.isNaN(value) && word !== 'NaN') ? undefined : { labels, value };
}
