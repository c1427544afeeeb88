import { MetricsError } from '../metrics-error.ts';

/** The numbers of a page, by name and labels as they are written there. */
export function numbersOf(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

/** The code of the error that something is refused with. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MetricsError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}
