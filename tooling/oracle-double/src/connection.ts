import { internals, type BindVariable, type ExecuteOptions, type ExecuteResult, type ParsedStatement } from './internals.ts';
import { Link, type Address } from './link.ts';
import { DoubleLob } from './lob.ts';
import { oracleError, translateFailure } from './oracle-errors.ts';
import { DoubleResultSet } from './result-set.ts';
import { Statement, type Outcome } from './statement.ts';
import { translate, type Plan, type StatementPlan } from './translate.ts';
import { outCell } from './values.ts';
import { databaseName, operation, type Reader, type Writer } from './wire.ts';

const { errors } = internals;

interface ConnectParameters {
  readonly user?: string;
  readonly password?: string;
  readonly connectString?: string;
  readonly configDir?: string;
  /** Seconds, as the real driver takes them. */
  readonly connectTimeout?: number;
}

const h2Canceled = 57014;
const h2Deadlock = 40001;

type Mode = 'readCommitted' | 'readOnly' | 'serializable';

/** What stands behind a connection of the driver: a session of the bridge instead of one of a server. */
export class DoubleConnection extends internals.ConnectionImpl {
  #link: Link | undefined;
  #user = '';
  #mode: Mode = 'readCommitted';
  /** H2 rolled the transaction back where Oracle would have undone the statement only. */
  #isLost = false;
  /** The call timeout, once it was up during the call that runs or ended last; else 0. */
  #lateMs = 0;

  async connect({ user = '', password = '', connectString = '', configDir, connectTimeout = 0 }: ConnectParameters): Promise<void> {
    if (connectString === '') errors.throwErr(errors.ERR_EMPTY_CONNECT_STRING);
    const descriptor = String(await internals.resolveConnectString(connectString, configDir));
    const service = /SERVICE_NAME=([^)]*)/i.exec(descriptor)?.[1] ?? 'ORCL';
    this.#user = user;
    this._protocol = { callTimeout: 0, txnInProgress: false };
    this.nscon = { connected: false };
    const link = await firstOf(addressesOf(descriptor), connectTimeout * 1000);
    this.#link = link;
    const timer = connectTimeout > 0 ? setTimeout(() => link.expire(connectTimeout), connectTimeout * 1000) : undefined;
    try {
      await this.#call(operation.hello, (request) => request.text(user).text(password).text(databaseName(service)).text(timeZone()));
    } catch (error) {
      link.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    Object.assign(this, { serviceName: service, currentSchema: '', serverVersion: 1900000000, serverVersionString: '19.0.0.0.0' });
    this.nscon.connected = true;
  }

  async execute(sql: string, executions: number, binds: BindVariable[], options: ExecuteOptions, isMany: boolean): Promise<ExecuteResult> {
    const parsed: ParsedStatement = new internals.Statement();
    parsed._prepare(sql);
    if (isMany && parsed.isQuery) errors.throwErr(errors.ERR_EXECMANY_NOT_ALLOWED_ON_QUERIES);
    const statement = new Statement(parsed, binds, executions);
    const result = await this.#run(translate(sql), statement, options, isMany);
    if (options.autoCommit === true && !parsed.isQuery) await this.commit();
    return result;
  }

  async commit(): Promise<void> {
    if (this.#isLost) throw lost();
    await this.#end(operation.commit);
  }

  async rollback(): Promise<void> {
    await this.#end(operation.rollback);
  }

  async ping(): Promise<void> {
    await this.#call(operation.ping);
  }

  async breakExecution(): Promise<void> {
    this.#link?.break();
  }

  isHealthy(): boolean {
    return this.#link?.isOpen ?? false;
  }

  async createLob(type: BindVariable['type']): Promise<DoubleLob> {
    return new DoubleLob(this, type, type === internals.types['DB_TYPE_BLOB'] ? Buffer.alloc(0) : '');
  }

  async close(): Promise<void> {
    const link = this.#link;
    this.nscon.connected = false;
    try {
      if (link?.isOpen === true && this._protocol.txnInProgress) await this.rollback();
      link?.end();
    } catch {
      // As the real driver: closing never fails.
      link?.destroy();
    }
  }

  async #run(plan: Plan, statement: Statement, options: ExecuteOptions, isMany: boolean): Promise<ExecuteResult> {
    if (this.#isLost && plan.kind !== 'rollback') throw lost();
    if (plan.kind === 'statement') return this.#execute(plan, statement, options, isMany);
    if (plan.kind === 'rollback') await this.rollback();
    if (plan.kind === 'commit') await this.commit();
    if (plan.kind === 'setTransaction') await this.#setTransaction(plan.mode);
    if (plan.kind === 'lockTable') for (const part of plan.statements) await this.#execute(part, statement, options, false);
    return { rowsAffected: 0 };
  }

  async #setTransaction(mode: Mode): Promise<void> {
    if (this._protocol.txnInProgress) throw oracleError(1453, 'SET TRANSACTION must be first statement of transaction');
    this.#mode = mode;
    this._protocol.txnInProgress = true;
    if (mode !== 'readCommitted') await this.#call(operation.snapshot);
  }

  async #execute(plan: StatementPlan, statement: Statement, options: ExecuteOptions, isMany: boolean): Promise<ExecuteResult> {
    if (plan.isWrite && this.#mode === 'readOnly') {
      throw oracleError(1456, 'may not perform insert, delete, update operation inside a READ ONLY transaction');
    }
    const reply = await this.#call(operation.execute, (request) => statement.write(request, plan, options.batchErrors === true));
    const outcome = statement.read(reply, (code, message, constraint) => this.#failure(plan, code, message, constraint));
    if (plan.isDdl) this.#ended();
    else if (plan.isWrite && outcome.changed > 0) this._protocol.txnInProgress = true;
    if (outcome.failure !== undefined) throw outcome.failure;
    if (plan.hasRows && !plan.isReturning) return { resultSet: new DoubleResultSet(this, options, outcome.columns, outcome.rows.flat()) };
    return this.#changes(plan, statement, outcome, options, isMany);
  }

  #changes(plan: StatementPlan, statement: Statement, outcome: Outcome, options: ExecuteOptions, isMany: boolean): ExecuteResult {
    const outs = statement.outs;
    if (plan.isReturning && outs.length !== outcome.columns.length) throw oracleError(913, 'too many values');
    outs.forEach((variable, column) => {
      outcome.rows.forEach((rows, i) => (variable.values[i] = rows.map((row) => outCell(row[column] ?? null, this, variable))));
    });
    const outBinds = internals.outBinds({ bindInfoList: statement.variables.map((bindVar) => ({ bindVar })) }, statement.executions, isMany);
    return {
      rowsAffected: plan.isWrite ? outcome.changed : 0,
      ...(outBinds === undefined ? {} : { outBinds }),
      ...(options.dmlRowCounts === true ? { dmlRowCounts: [...outcome.counts] } : {}),
      ...(options.batchErrors === true && outcome.batchErrors.length > 0 ? { batchErrors: [...outcome.batchErrors] } : {}),
    };
  }

  async #end(code: number): Promise<void> {
    await this.#call(code);
    this.#ended();
  }

  #ended(): void {
    this.#mode = 'readCommitted';
    this.#isLost = false;
    this._protocol.txnInProgress = false;
  }

  /** One round trip, broken when the call timeout is up; a server that hears no break is waited for, as the real driver does. */
  async #call(code: number, write: (request: Writer) => void = () => {}): Promise<Reader> {
    const link = this.#link ?? errors.throwErr(errors.ERR_INVALID_CONNECTION);
    const { callTimeout } = this._protocol;
    this.#lateMs = 0;
    const breakLate = (): void => {
      this.#lateMs = callTimeout;
      link.break();
    };
    const timer = callTimeout > 0 ? setTimeout(breakLate, callTimeout) : undefined;
    try {
      const reply = await link.call(code, write);
      if (code === operation.execute) return reply;
      if (reply.u8() === 1) throw this.#failure(undefined, reply.i32(), reply.text(), reply.text());
      return reply;
    } finally {
      clearTimeout(timer);
    }
  }

  #failure(plan: StatementPlan | undefined, code: number, message: string, constraint: string): Error {
    if (this.#lateMs > 0 && code === h2Canceled) return errors.getErr(errors.ERR_CALL_TIMEOUT_EXCEEDED, this.#lateMs);
    if (code === h2Deadlock) this.#isLost = true;
    return translateFailure({
      code,
      message,
      constraint,
      table: plan?.table ?? '',
      verb: plan?.verb ?? '',
      schema: this.#user.toUpperCase(),
      isSnapshot: this.#mode !== 'readCommitted',
      hasLockWait: plan?.lockWaitMs === 0,
    });
  }
}

function lost(): Error {
  return oracleError(20999, 'H2 rolled the whole transaction back, Oracle only the statement: the double goes on after a rollback');
}

function addressesOf(descriptor: string): Address[] {
  return [...descriptor.matchAll(/\(ADDRESS=[^]*?\(HOST=([^)]*)\)[^]*?\(PORT=(\d+)\)/gi)].map(([, host = '', port]) => ({ host, port: Number(port) }));
}

async function firstOf(addresses: readonly Address[], timeoutMs: number): Promise<Link> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await Link.open(address, timeoutMs);
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? errors.getErr(errors.ERR_INVALID_CONNECT_STRING_SYNTAX);
}

/** The driver gives a new session the zone of its process. */
function timeZone(): string {
  const minutes = -new Date().getTimezoneOffset();
  return `${minutes < 0 ? '-' : '+'}${twoDigits(minutes / 60)}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return String(Math.floor(Math.abs(value))).padStart(2, '0');
}
