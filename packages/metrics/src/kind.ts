import type { Cells } from './cells.ts';
import type { Definition } from './definition.ts';
import type { Exemplar } from './exemplar.ts';
import type { Exposition } from './text.ts';

/** The numbers of one series as they stand now, those of other threads and processes among them. */
export interface Reading {
  /** Between braces. */
  readonly labels: string;
  /** Overwritten with the next series. */
  readonly cells: Cells;
  /** By place: the bucket of a histogram, 0 of a counter. */
  readonly exemplars: readonly (Exemplar | undefined)[];
}

/** One line of a page. */
export interface Sample {
  /** After the metric's name. */
  readonly suffix: '' | '_bucket' | '_sum' | '_count';
  /** Upper bound of a bucket. */
  readonly le?: string;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

/** What writes to one series. */
export interface Writer<H> {
  readonly handle: H;
  /** What was traced, by place. */
  readonly exemplars: () => readonly (Exemplar | undefined)[];
}

/** What sets counters, gauges, histograms and distinct counters apart: how a series is written, merged and read. */
export interface Kind<H = unknown> {
  readonly definition: Definition;
  readonly cellsPerSeries: number;
  /** Makes what writes to the cells. */
  readonly writerOn: (cells: Cells) => Writer<H>;
  /** Adds what another thread or process holds of the same series. In any order it gives the same. */
  readonly combine: (into: Cells, part: Cells) => void;
  /** Whether what a thread or process has written still counts when it has ended. */
  readonly outlivesItsWriter: boolean;
  /** The lines of a series as text. */
  readonly render: (reading: Reading, exposition: Exposition) => string;
  /** The same as numbers. */
  readonly samples: (reading: Reading) => readonly Sample[];
  /** The cells as data that JSON can carry. */
  readonly pack: (cells: Cells) => PackedCells;
  /** What {@link pack} gave, back into cells; false where it is something else. */
  readonly unpack: (packed: PackedCells, into: Cells) => boolean;
}

/** Where nothing is ever traced. */
export const noExemplars = (): readonly [] => [];

/** Numbers; a text is an endless one, NaN, or bytes in base64. */
export type PackedCells = readonly (number | string)[];
