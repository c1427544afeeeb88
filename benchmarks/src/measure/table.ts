import process from 'node:process';

/** One column: its head, and what stands below it for a row. */
export interface Column<Row> {
  readonly head: string;
  readonly of: (row: Row) => string;
}

/** Prints rows below each other, the first column to the left and figures to the right. */
export function printTable<Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const lines = cells.map((line) => line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '));
  process.stdout.write(`\n${title}\n${lines.map((line) => `  ${line.trimEnd()}`).join('\n')}\n`);
}

/** A line on the way, which says that something happens; not kept where nobody looks. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
  else process.stderr.write(`${text}\n`);
}

/** 1234567 → 1,234,567. */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '–';
}

/** Microseconds → milliseconds with two digits. */
export function ms(us: number | undefined): string {
  return us === undefined ? '–' : (us / 1000).toFixed(2);
}

/** Bytes → megabytes. */
export function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
