import type { LogDestination } from '../output.ts';

/** A destination that keeps what is written. */
export interface Captured extends LogDestination {
  readonly lines: readonly string[];
  /** The lines parsed, of one stream or of all. */
  readonly entries: (stream?: string) => readonly Readonly<Record<string, unknown>>[];
}

/** Makes a {@link Captured}. */
export function captured(): Captured {
  const lines: string[] = [];
  return {
    lines,
    write: (line: string): void => void lines.push(line),
    entries: (stream) => lines.map((line): Record<string, unknown> => JSON.parse(line)).filter((entry) => stream === undefined || entry['stream'] === stream),
  };
}
