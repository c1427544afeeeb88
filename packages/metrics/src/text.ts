/** How metrics are written: Prometheus text 0.0.4, or OpenMetrics 1.0, which alone has room for exemplars. */
export type Exposition = 'prometheus' | 'openmetrics';

const special = /[\\\n"]/;

/** Escapes a label value as the text format asks. */
export function escapeLabel(value: string): string {
  // Hardly any has one of them, and to look takes a tenth of the time.
  if (!special.test(value)) return value;
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', String.raw`\"`);
}

/** Labels as a series has them between its braces, back as they were given. */
export function parseLabels(text: string): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let at = 0; at < text.length;) {
    const equals = text.indexOf('="', at);
    if (equals === -1) break;
    let end = equals + 2;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    pairs.push([text.slice(at, equals), unescaped(text.slice(equals + 2, end))]);
    // Past the quote and the comma.
    at = end + 2;
  }
  return Object.fromEntries(pairs);
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(?<character>.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** Escapes a help text as the format asks: OpenMetrics has quotes escaped, too. */
export function escapeHelp(help: string, exposition: Exposition): string {
  return exposition === 'openmetrics' ? escapeLabel(help) : help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

/** A number as the text format writes it: the shortest text that reads back as the same number. */
export function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Number.isNaN(value) ? 'NaN' : String(value);
}

/** One line of a series. @param exemplar as {@link exemplarText} writes it */
export function sampleLine(name: string, labels: string, value: number, exemplar = ''): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${formatNumber(value)}${exemplar}\n`;
}
