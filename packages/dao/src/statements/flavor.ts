import type { Placeholder, SQL } from 'drizzle-orm';
import type { Column } from '../column.ts';
import type { Entity } from '../entity.ts';
import type { Names, Slots } from './names.ts';
import type { MergeShape } from './shapes.ts';

/** How a dialect stores values. What `encode` gives can be bound; `decode` takes what was read, and also what was bound. */
export interface Codec<Cell> {
  encode(column: Column, value: unknown): Cell;
  decode(column: Column, cell: unknown): unknown;
  /** Values of hand-written templates, where no column says how to store them. @throws {DaoError} `ERR_DAO_RANGE` */
  encodeLoose(value: unknown): Cell;
}

/** Parts of a merge statement, from which a dialect makes its own. */
export interface MergeParts {
  readonly entity: Entity;
  readonly names: Names;
  readonly slots: Slots;
  /** How many rows. */
  readonly rows: number;
  readonly shape: MergeShape;
}

/** In what the statements of dialects differ; everything else is rendered alike. */
export interface Flavor<Cell = unknown> {
  readonly codec: Codec<Cell>;
  /** @returns text in the dialect's quoting, and what stands at its binds in their order: placeholders of ours or values */
  render(statement: SQL): { readonly text: string; readonly values: readonly unknown[] };
  /** Whether `(a, b) > (?, ?)` is allowed and uses an index; else it is written out with AND and OR. */
  readonly hasRowComparison: boolean;
  /** Whether null is the least value of an order by itself; else it is said in the statement. */
  readonly hasLeastNull: boolean;
  /** Whether UPDATE gives the changed row back (RETURNING); else it is read anew. */
  readonly hasReturning: boolean;
  /** Most rows of one INSERT: more save nothing, or one where the dialect has no such statement. */
  readonly mostRows: number;
  /** Most values of one statement. */
  readonly maxBindings: number;
  /** Most keys of one list of a composite key, which becomes a chain of OR. */
  readonly maxCompositeKeys: number;
  /** What ends a select of at most so many rows. */
  limit(count: Placeholder): SQL;
  /** What ends a select whose rows are to be kept from others; undefined where a transaction is alone anyway. */
  readonly forUpdate: SQL | undefined;
  /** Values: all columns of each row, and for `add` the least and the greatest value of each added column, if {@link hasMergeBounds}. */
  merge(parts: MergeParts): SQL;
  /** Whether a merge by itself leaves out rows whose sum would be out of bounds; else the executor looks afterwards. */
  readonly hasMergeBounds: boolean;
}
