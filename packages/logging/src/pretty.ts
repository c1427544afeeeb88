import { printable } from './printable.ts';

const colours: Readonly<Record<string, number>> = { debug: 90, info: 32, warn: 33, error: 31, fatal: 35 };

/**
 * Turns a line of JSON into one for a terminal: time of day, level, message, `key=value`; the stack of `err` below it.
 * Control characters are escaped, so that nothing logged can move the cursor or pose as a line of its own.
 *
 * @param line one line of our schema; anything else passes with its control characters escaped
 */
export function prettyLine(line: string): string {
  const entry = parsed(line);
  if (entry === undefined) return `${printable(line.trimEnd())}\n`;
  const { level, time, msg, name: _name, stream: _stream, err, ...fields } = entry;
  const label = `\u001B[${colours[String(level)] ?? 0}m${String(level).toUpperCase().padEnd(5)}\u001B[0m`;
  const pairs = Object.entries(fields).map(([key, value]) => ` \u001B[2m${printable(key)}=\u001B[22m${shown(value)}`);
  return `${String(time).slice(11, 23)} ${label} ${printable(String(msg))}${pairs.join('')}\n${stackOf(err)}`;
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? Object.fromEntries(Object.entries(entry)) : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@-]+$/.test(value) ? value : printable(JSON.stringify(value) ?? '');
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null) return err === undefined ? '' : `  ${shown(err)}\n`;
  const stack = 'stack' in err && typeof err.stack === 'string' ? err.stack.split('\n') : [JSON.stringify(err)];
  const cause = 'cause' in err ? stackOf(err.cause) : '';
  return `${stack.map((row) => `  ${printable(row)}\n`).join('')}${cause === '' ? '' : `  caused by\n${cause}`}`;
}
