/**
 * What Oracle (before 23ai, which is more generous) refuses and H2 accepts, as far as it is certain from the tokens of a statement.
 */
import { oracleError } from './oracle-errors.ts';
import { isSymbol, isWord, type Token } from './tokens.ts';

type Tokens = readonly Token[];

/** A rule looks at one token and its neighbours. */
interface Rule {
  readonly error: number;
  readonly message: string;
  readonly isBroken: (tokens: Tokens, at: number) => boolean;
}

const maxListItems = 1000;
const maxNameBytes = 128;
const maxVarcharBytes = 4000;
const maxRawBytes = 2000;

const rules: readonly Rule[] = [
  { error: 923, message: 'FROM keyword not found where expected', isBroken: isSelectWithoutFrom },
  { error: 933, message: 'SQL command not properly ended', isBroken: isAliasWithAs },
  { error: 933, message: 'SQL command not properly ended', isBroken: isSecondRowOfValues },
  { error: 933, message: 'SQL command not properly ended', isBroken: isLimit },
  { error: 933, message: 'SQL command not properly ended', isBroken: isFetchInChange },
  { error: 933, message: 'SQL command not properly ended', isBroken: (tokens, at) => isWord(tokens[at], 'IF') && isWord(tokens[at + 1], 'EXISTS', 'NOT') },
  { error: 911, message: 'invalid character', isBroken: (tokens, at) => isSymbol(tokens[at], ';', '%', '`', '!') },
  { error: 904, message: 'invalid identifier', isBroken: (tokens, at) => isWord(tokens[at], 'TRUE', 'FALSE') && !isSymbol(tokens[at - 1], '.') },
  { error: 920, message: 'invalid relational operator', isBroken: isForeignOperator },
  { error: 972, message: 'identifier is too long', isBroken: isLongName },
  { error: 1796, message: 'this operator cannot be used with lists', isBroken: isListComparison },
  { error: 1795, message: 'maximum number of expressions in a list is 1000', isBroken: isLongList },
  { error: 2014, message: 'cannot select FOR UPDATE from view with DISTINCT, GROUP BY, etc.', isBroken: isLockOfDerivedRows },
  { error: 902, message: 'invalid datatype', isBroken: isForeignType },
  { error: 910, message: 'specified length too long for its datatype', isBroken: isLongType },
  { error: 38104, message: 'Columns referenced in the ON Clause cannot be updated', isBroken: isMergeOfItsKey },
];

/**
 * Throws the error of the first rule that a statement breaks. O(tokens × rules), a list or clause within is walked once more.
 *
 * @throws ORA-…
 */
export function refuse(tokens: Tokens): void {
  for (const [at, token] of tokens.entries()) {
    const broken = rules.find(({ isBroken }) => isBroken(tokens, at));
    if (broken !== undefined) throw oracleError(broken.error, broken.message, token.start);
  }
}

/** @returns the tokens behind a place that belong to the same clause or list, which a closing parenthesis of its own level ends */
function* following(tokens: Tokens, at: number): Generator<[token: Token, at: number]> {
  const depth = tokens[at]?.depth ?? 0;
  for (let i = at + 1; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || token.depth < depth) return;
    if (token.depth === depth) yield [token, i];
  }
}

function isSelectWithoutFrom(tokens: Tokens, at: number): boolean {
  if (!isWord(tokens[at], 'SELECT')) return false;
  for (const [token] of following(tokens, at)) {
    if (isWord(token, 'FROM')) return false;
    if (isWord(token, 'UNION', 'MINUS', 'INTERSECT', 'EXCEPT')) return true;
  }
  return true;
}

const endOfFrom = ['WHERE', 'GROUP', 'ORDER', 'HAVING', 'UNION', 'MINUS', 'INTERSECT', 'EXCEPT', 'FETCH', 'OFFSET', 'FOR', 'CONNECT', 'START', 'SET', 'WHEN'];

/** `FROM t AS x`, `UPDATE t AS x`, `MERGE INTO t AS x USING s AS y`; what stands in parentheses is of a greater depth. */
function isAliasWithAs(tokens: Tokens, at: number): boolean {
  const isTable = isWord(tokens[at], 'FROM') || (at === 0 && isWord(tokens[at], 'UPDATE', 'MERGE', 'DELETE'));
  if (!isTable) return false;
  for (const [token, i] of following(tokens, at)) {
    if (isWord(token, ...endOfFrom)) return false;
    if (isWord(token, 'AS') && !isWord(tokens[i + 1], 'OF')) return true;
  }
  return false;
}

function isSecondRowOfValues(tokens: Tokens, at: number): boolean {
  if (!isWord(tokens[at], 'VALUES')) return false;
  for (const [token, i] of following(tokens, at)) if (isSymbol(token, ')')) return isSymbol(tokens[i + 1], ',') && isSymbol(tokens[i + 2], '(');
  return false;
}

function isLimit(tokens: Tokens, at: number): boolean {
  const [before, after] = [tokens[at - 1], tokens[at + 1]];
  return isWord(tokens[at], 'LIMIT') && !isSymbol(before, '.', ',', '(') && (after?.kind === 'number' || after?.kind === 'bind');
}

function isFetchInChange(tokens: Tokens, at: number): boolean {
  return isWord(tokens[0], 'UPDATE', 'DELETE') && tokens[at]?.depth === 0 && isWord(tokens[at], 'FETCH', 'OFFSET');
}

function isForeignOperator(tokens: Tokens, at: number): boolean {
  const token = tokens[at];
  if (isWord(token, 'ILIKE')) return true;
  return isWord(token, 'IS') && (isWord(tokens[at + 1], 'DISTINCT') || (isWord(tokens[at + 1], 'NOT') && isWord(tokens[at + 2], 'DISTINCT')));
}

function isLongName(tokens: Tokens, at: number): boolean {
  const token = tokens[at];
  return (token?.kind === 'word' || token?.kind === 'quoted') && Buffer.byteLength(token.text) > maxNameBytes;
}

/** `(a, b) > (1, 2)`: a list is one when it has a comma and no function's name stands before it. */
function isListComparison(tokens: Tokens, at: number): boolean {
  if (!isSymbol(tokens[at], '<', '>', '<=', '>=')) return false;
  return isList(tokens, openingOf(tokens, at - 1)) || isList(tokens, at + 1);
}

function openingOf(tokens: Tokens, closing: number): number {
  const depth = tokens[closing]?.depth;
  if (!isSymbol(tokens[closing], ')')) return -1;
  for (let i = closing - 1; i >= 0; i--) if (tokens[i]?.depth === depth && isSymbol(tokens[i], '(')) return i;
  return -1;
}

const beforeLists = ['WHERE', 'AND', 'OR', 'NOT', 'ON', 'WHEN', 'HAVING', 'THEN'];

function isList(tokens: Tokens, opening: number): boolean {
  const before = tokens[opening - 1];
  if (!isSymbol(tokens[opening], '(')) return false;
  if (before?.kind === 'quoted' || (before?.kind === 'word' && !beforeLists.includes(before.text))) return false;
  return !isWord(tokens[opening + 1], 'SELECT') && itemsOf(tokens, opening) > 1;
}

/** @returns how many expressions stand in the parentheses that open at a place */
function itemsOf(tokens: Tokens, opening: number): number {
  let items = 1;
  for (const [token] of following(tokens, opening + 1)) if (isSymbol(token, ',')) items++;
  return items;
}

/** Lists of lists are not counted: Oracle takes more of them. */
function isLongList(tokens: Tokens, at: number): boolean {
  if (!isWord(tokens[at], 'IN') || !isSymbol(tokens[at + 1], '(') || isSymbol(tokens[at + 2], '(')) return false;
  return itemsOf(tokens, at + 1) > maxListItems;
}

function isLockOfDerivedRows(tokens: Tokens, at: number): boolean {
  if (tokens[at]?.depth !== 0 || !isWord(tokens[at], 'FOR') || !isWord(tokens[at + 1], 'UPDATE')) return false;
  return tokens.some((token, i) => token.depth === 0 && (isWord(token, 'FETCH', 'OFFSET', 'UNION', 'MINUS') || isDerived(tokens, i)));
}

function isDerived(tokens: Tokens, at: number): boolean {
  return isWord(tokens[at], 'DISTINCT', 'UNIQUE') || (isWord(tokens[at], 'GROUP') && isWord(tokens[at + 1], 'BY'));
}

const foreignTypes = ['BIGINT', 'TINYINT', 'TEXT', 'BOOLEAN', 'BOOL', 'DATETIME', 'VARBINARY', 'LONGTEXT', 'MEDIUMTEXT', 'UUID', 'BYTEA', 'SERIAL'];

/** Behind a quoted name of a column or in a CAST there is a type. */
function isForeignType(tokens: Tokens, at: number): boolean {
  if (!isWord(tokens[at], ...foreignTypes)) return false;
  if (isWord(tokens[0], 'CREATE', 'ALTER')) return tokens[at - 1]?.kind === 'quoted';
  return isWord(tokens[at - 1], 'AS') && isSymbol(tokens[at + 1], ')');
}

function isLongType(tokens: Tokens, at: number): boolean {
  const [token, opening, length] = tokens.slice(at, at + 3);
  if (!isSymbol(opening, '(') || length?.kind !== 'number') return false;
  return (
    (isWord(token, 'VARCHAR2', 'NVARCHAR2', 'VARCHAR') && Number(length.text) > maxVarcharBytes) || (isWord(token, 'RAW') && Number(length.text) > maxRawBytes)
  );
}

/** Of a MERGE: a column of the target that stands in ON and on the left of SET. */
function isMergeOfItsKey(tokens: Tokens, at: number): boolean {
  if (at !== 0 || !isWord(tokens[0], 'MERGE')) return false;
  const using = tokens.findIndex((token) => isWord(token, 'USING'));
  const target = tokens[using - 1]?.text;
  const on = tokens.findIndex((token, i) => i > using && token.depth === 0 && isWord(token, 'ON'));
  const set = tokens.findIndex((token) => token.depth === 0 && isWord(token, 'SET'));
  if (using < 0 || on < 0 || set < 0) return false;
  const keys = new Set<string>();
  for (const [token, i] of following(tokens, on + 2)) if (isColumnOf(tokens, i, target)) keys.add(token.text);
  for (const [token, i] of following(tokens, set)) {
    if (isWord(token, 'WHERE', 'WHEN', 'DELETE')) return false;
    const isAssigned = isSymbol(tokens[i + 1], '=') && (i === set + 1 || isSymbol(tokens[i - 1], ',') || isColumnOf(tokens, i, target));
    if (isAssigned && keys.has(token.text)) return true;
  }
  return false;
}

function isColumnOf(tokens: Tokens, at: number, table: string | undefined): boolean {
  return isSymbol(tokens[at - 1], '.') && tokens[at - 2]?.text === table;
}
