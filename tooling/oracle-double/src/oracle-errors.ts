/** An error as Oracle reports it: the driver adds `code` from its message. */
export interface OracleError extends Error {
  errorNum: number;
  offset: number;
  isRecoverable: boolean;
}

/** @param number that of the ORA- error, without leading zeros */
export function oracleError(number: number, message: string, offset = 0): OracleError {
  const error = new Error(`ORA-${String(number).padStart(5, '0')}: ${message}`);
  return Object.assign(error, { errorNum: number, offset, isRecoverable: false });
}

/** What H2 said, and about what. */
export interface H2Failure {
  readonly code: number;
  readonly message: string;
  /** The name of the violated constraint or index, when one was. */
  readonly constraint: string;
  /** The table of the statement, when it changes one. */
  readonly table: string;
  readonly verb: string;
  readonly schema: string;
  readonly isSnapshot: boolean;
  readonly hasLockWait: boolean;
}

type Translation = (failure: H2Failure) => [errorNumber: number, message: string];

const detail = (failure: H2Failure, pattern: RegExp): string => pattern.exec(failure.message)?.[1] ?? '';
const columnOf = (failure: H2Failure): string => `"${failure.schema}"."${failure.table}"."${detail(failure, /column "(?:"")?([^" ]+)/)}"`;
const always =
  (number: number, message: string): Translation =>
  () => [number, message];

/** By H2's error code; the messages are Oracle's. */
const translations: Readonly<Record<number, Translation>> = {
  21002: always(947, 'not enough values'),
  21001: always(913, 'too many values'),
  22001: tooLarge,
  22003: always(1438, 'value larger than specified precision allowed for this column'),
  22004: always(1438, 'value larger than specified precision allowed for this column'),
  22007: always(1861, 'literal does not match format string'),
  22012: always(1476, 'divisor is equal to zero'),
  22018: always(1722, 'invalid number'),
  22025: always(1425, 'escape character must be character string of length 1'),
  23502: nullNotAllowed,
  23503: (failure) => [2292, `integrity constraint (${failure.schema}.${detail(failure, /"([^":]+):/)}) violated - child record found`],
  23506: (failure) => [2291, `integrity constraint (${failure.schema}.${detail(failure, /"([^":]+):/)}) violated - parent key not found`],
  23505: notUnique,
  23513: (failure) => [2290, `check constraint (${failure.schema}.${detail(failure, /"([^":]+):/)}) violated`],
  28000: always(1017, 'invalid username/password; logon denied'),
  40001: (failure) => (failure.isSnapshot ? [8177, "can't serialize access for this transaction"] : [60, 'deadlock detected while waiting for resource']),
  90131: always(8177, "can't serialize access for this transaction"),
  42000: always(933, 'SQL command not properly ended'),
  42001: always(900, 'invalid SQL statement'),
  42101: always(955, 'name is already used by an existing object'),
  42102: always(942, 'table or view does not exist'),
  42103: always(942, 'table or view does not exist'),
  42104: always(942, 'table or view does not exist'),
  42111: always(955, 'name is already used by an existing object'),
  42112: always(1418, 'specified index does not exist'),
  42121: always(1430, 'column being added already exists in table'),
  42122: (failure) => [904, `"${detail(failure, /Column "([^"]+)"/)}": invalid identifier`],
  50004: always(932, 'inconsistent datatypes'),
  50200: (failure) =>
    failure.hasLockWait
      ? [54, 'resource busy and acquire with NOWAIT specified or timeout expired']
      : [30006, 'resource busy; acquire with WAIT timeout expired'],
  57014: always(1013, 'user requested cancel of current operation'),
  90008: always(1858, 'a non-numeric character was found where a numeric was expected'),
  90016: always(979, 'not a GROUP BY expression'),
  90022: (failure) => [904, `"${detail(failure, /Function "([^"]+)"/)}": invalid identifier`],
  90035: always(955, 'name is already used by an existing object'),
  90036: always(2289, 'sequence does not exist'),
  90045: always(2264, 'name already used by an existing constraint'),
  90053: always(1427, 'single-row subquery returns more than one row'),
  90057: always(2443, 'Cannot drop constraint  - nonexistent constraint'),
  90059: (failure) => [918, `${detail(failure, /Ambiguous column name "([^"]+)"/)}: column ambiguously specified`],
  90063: (failure) => [1086, `savepoint '${detail(failure, /Savepoint is invalid: "?([^"\n;]+)/)}' never established in this session or is invalid`],
};

/** @returns the error of Oracle for a failure of H2, which is its cause; ORA-20999 when none is known */
export function translateFailure(failure: H2Failure): OracleError {
  const [number, message] = translations[failure.code]?.(failure) ?? [20999, `the double knows no error of Oracle for H2's ${failure.code}`];
  const error = oracleError(number, message);
  error.cause = new Error(failure.message);
  return error;
}

function notUnique(failure: H2Failure): [number, string] {
  if (failure.message.includes('Merge using')) return [30926, 'unable to get a stable set of rows in the source tables'];
  return [1, `unique constraint (${failure.schema}.${failure.constraint}) violated`];
}

function nullNotAllowed(failure: H2Failure): [number, string] {
  if (failure.verb === 'UPDATE') return [1407, `cannot update (${columnOf(failure)}) to NULL`];
  return [1400, `cannot insert NULL into (${columnOf(failure)})`];
}

function tooLarge(failure: H2Failure): [number, string] {
  if (/column "[^ ]+ (NUMERIC|DECFLOAT)/.test(failure.message)) return [1438, 'value larger than specified precision allowed for this column'];
  const maximum = detail(failure, /\((\d+)\)"/);
  const actual = detail(failure, /\((\d+)\)"; SQL/);
  return [12899, `value too large for column ${columnOf(failure)} (actual: ${actual}, maximum: ${maximum})`];
}
