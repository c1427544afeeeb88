import { internals, type ColumnMetadata, type ExecuteOptions } from './internals.ts';
import { fetchedCell } from './values.ts';
import type { WireValue } from './wire.ts';

/** The rows of a query: all of them are here, whereas the real driver fetches them in round trips. */
export class DoubleResultSet extends internals.ResultSetImpl {
  readonly #rows: readonly (readonly WireValue[])[];
  readonly #connection: object;
  #at = 0;

  constructor(connection: object, options: ExecuteOptions, columns: ColumnMetadata[], rows: readonly (readonly WireValue[])[]) {
    super();
    this.#connection = connection;
    this.#rows = rows;
    this._setup(options, columns);
  }

  async getRows(count: number, options: ExecuteOptions): Promise<unknown[][]> {
    const start = this.#at;
    this.#at = Math.min(this.#rows.length, start + (count || (options.fetchArraySize ?? 100)));
    return this.#rows.slice(start, this.#at).map((row) => row.map((cell, i) => this.#cell(cell, i)));
  }

  async close(): Promise<void> {
    this.#at = this.#rows.length;
  }

  #cell(cell: WireValue, at: number): unknown {
    const column = this.metaData[at];
    return column === undefined ? null : fetchedCell(cell, this.#connection, column);
  }
}
