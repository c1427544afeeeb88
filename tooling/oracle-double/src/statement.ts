import { internals, type BindVariable, type ColumnMetadata, type ParsedStatement } from './internals.ts';
import { oracleError } from './oracle-errors.ts';
import type { StatementPlan } from './translate.ts';
import { bindValue, readColumn } from './values.ts';
import { executeFlag, type Reader, type WireValue, type Writer } from './wire.ts';

const { errors } = internals;
const maxBinds = 65_535;
const status = { done: 0, failed: 1, end: 2 } as const;

/** What the executions of a statement gave. */
export interface Outcome {
  readonly columns: ColumnMetadata[];
  /** For each execution its rows. */
  readonly rows: readonly (readonly WireValue[])[][];
  /** For each execution the rows that it changed. */
  readonly counts: readonly number[];
  readonly changed: number;
  readonly batchErrors: readonly Error[];
  readonly failure?: Error;
}

/** A statement with its binds, of one execution or many. */
export class Statement {
  /** One for each placeholder, in the order of the text. */
  readonly variables: readonly BindVariable[];
  /** Those behind INTO. */
  readonly outs: readonly BindVariable[];
  readonly executions: number;
  readonly #ins: readonly BindVariable[];
  #isBatch = false;
  #hasRows = false;

  /** @throws NJS-098 or NJS-097 when binds and placeholders do not match, ORA-01745 when there are too many */
  constructor(parsed: ParsedStatement, binds: readonly BindVariable[], executions: number) {
    const { bindInfoList } = parsed;
    if (bindInfoList.length > maxBinds) throw oracleError(1745, 'invalid host/bind variable name');
    const names = new Set(bindInfoList.map(({ bindName }) => bindName));
    const isByName = binds[0]?.name !== undefined;
    if (binds.length !== bindInfoList.length && !(isByName && binds.length === names.size)) {
      errors.throwErr(errors.ERR_WRONG_NUMBER_OF_BINDS, bindInfoList.length, binds.length);
    }
    const byName = new Map(binds.map((bind) => [normalName(bind.name ?? ''), bind]));
    for (const name of isByName ? byName.keys() : []) if (!names.has(name)) errors.throwErr(errors.ERR_INVALID_BIND_NAME, name);
    const ins: BindVariable[] = [];
    const outs: BindVariable[] = [];
    this.variables = bindInfoList.map(({ bindName, isReturnBind }, at) => {
      const bind = isByName ? byName.get(bindName) : binds[at];
      if (bind === undefined) return errors.throwErr(errors.ERR_INVALID_BIND_NAME, bindName);
      (isReturnBind ? outs : ins).push(bind);
      return bind;
    });
    this.#ins = ins;
    this.outs = outs;
    this.executions = executions;
  }

  /** Writes the request that executes it. */
  write(request: Writer, { sql, hasRows, isDdl, lockWaitMs }: StatementPlan, batchErrors: boolean): void {
    this.#isBatch = batchErrors;
    this.#hasRows = hasRows;
    const flags = (hasRows ? executeFlag.query : 0) | (isDdl ? executeFlag.ddl : 0) | (batchErrors ? executeFlag.batchErrors : 0);
    request.u8(flags).i32(lockWaitMs ?? -1);
    request.text(sql).i32(this.executions).u16(this.#ins.length);
    for (let i = 0; i < this.executions; i++) for (const { values, type } of this.#ins) request.value(bindValue(values[i], type));
  }

  /** @param failureOf makes the error of what the bridge says of a failure */
  read(reply: Reader, failureOf: (code: number, message: string, constraint: string) => Error): Outcome {
    const columns: ColumnMetadata[] = [];
    const columnCount = reply.u16();
    for (let i = 0; i < columnCount; i++) columns.push(readColumn(reply));
    const rows: WireValue[][][] = [];
    const counts: number[] = [];
    const batchErrors: Error[] = [];
    let failure: Error | undefined;
    for (let at = 0, state = reply.u8(); state !== status.end; at++, state = failure === undefined ? reply.u8() : status.end) {
      const ofExecution = state === status.done && this.#hasRows ? readRows(reply, columnCount) : [];
      rows.push(ofExecution);
      if (state === status.done) counts.push(this.#hasRows ? ofExecution.length : reply.i32());
      else {
        counts.push(0);
        const error = failureOf(reply.i32(), reply.text(), reply.text());
        if (this.#isBatch) batchErrors.push(Object.assign(new Error(error.message), { offset: at }));
        else failure = error;
      }
    }
    const changed = counts.reduce((sum, count) => sum + count, 0);
    return { columns, rows, counts, changed, batchErrors, ...(failure === undefined ? {} : { failure }) };
  }
}

function readRows(reply: Reader, columnCount: number): WireValue[][] {
  const rows: WireValue[][] = [];
  while (reply.u8() === 1) {
    const row: WireValue[] = [];
    for (let i = 0; i < columnCount; i++) row.push(reply.value());
    rows.push(row);
  }
  return rows;
}

function normalName(name: string): string {
  const plain = name.startsWith(':') ? name.slice(1) : name;
  return plain.startsWith('"') && plain.endsWith('"') ? plain.slice(1, -1) : plain.toUpperCase();
}
