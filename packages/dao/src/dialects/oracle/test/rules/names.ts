import type { Token } from '../tokens.ts';
import { type Rule, is } from './rule.ts';

/** Oracle before 12.2; we keep to it, so that a table can move. */
const maxNameBytes = 30;

/**
 * The words that our statements are made of. Every other unquoted word would be a name, and Oracle might know it as something else:
 * LEVEL, UID, SYSDATE, ROWNUM, USER, SIZE, COMMENT, MODE, DATE.
 */
const vocabulary: ReadonlySet<string> = new Set(
  `SELECT FROM DUAL WHERE AND OR NOT IN IS NULL BETWEEN LIKE ORDER BY ASC DESC NULLS FIRST LAST OFFSET FETCH NEXT ROW ROWS ONLY FOR UPDATE
   INSERT INTO VALUES SET DELETE MERGE USING ON WHEN MATCHED THEN UNION ALL CAST AS COUNT RETURNING CASE ELSE END EXISTS WITH GROUP MAX MIN
   NUMBER CHAR VARCHAR2 RAW CLOB BLOB TIMESTAMP DATE TIME ZONE JSON TO_CHAR TO_TIMESTAMP SAVEPOINT ROLLBACK TO COMMIT TRANSACTION READ ISOLATION LEVEL SERIALIZABLE COMMITTED
   CREATE ALTER DROP TABLE INDEX UNIQUE PRIMARY KEY CONSTRAINT CHECK ADD MODIFY COLUMN DEFAULT SESSION CASCADE CONSTRAINTS PURGE SUM COALESCE NOWAIT
   NLS_SORT NLS_COMP NLS_NUMERIC_CHARACTERS NLS_TIMESTAMP_FORMAT NLS_DATE_FORMAT TIME_ZONE BINARY`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Words of the list above that mean something else, or nothing, where a column could stand. */
const pseudoColumns: ReadonlySet<string> = new Set(
  `LEVEL UID USER ROWNUM ROWID SYSDATE SYSTIMESTAMP CURRVAL NEXTVAL DATE NUMBER CHAR RAW SIZE COMMENT MODE ACCESS AUDIT CLUSTER COMPRESS CURRENT
   EXCLUSIVE FILE IDENTIFIED IMMEDIATE INCREMENT INITIAL INTEGER LOCK LONG MAXEXTENTS MINUS MLSLABEL NOAUDIT NOCOMPRESS OFFLINE ONLINE OPTION
   PCTFREE PRIOR PUBLIC RENAME RESOURCE REVOKE SESSION SHARE SMALLINT START SUCCESSFUL SYNONYM TRIGGER VALIDATE VARCHAR VIEW WHENEVER`
    .split(/\s+/)
    .filter((word) => word !== ''),
);
/** What may stand before a word that is no column: a type behind AS or a column's name, the word of ALTER SESSION. */
const beforeTypes: ReadonlySet<string> = new Set(['AS', 'ALTER', 'FOR', 'TO']);

/** Statements in which no column is named. */
const withoutColumns = ['LOCK', 'SET', 'SAVEPOINT', 'ROLLBACK', 'COMMIT'];

const longName: Rule = {
  id: 'long-name',
  ora: 'ORA-00972',
  why: `a name has at most ${maxNameBytes} bytes`,
  find: (tokens) => tokens.filter(({ kind, text }) => (kind === 'name' || kind === 'word') && Buffer.byteLength(text) > maxNameBytes),
};

const lowerCaseName: Rule = {
  id: 'lower-case-name',
  ora: 'ORA-00942',
  why: 'in quotes a name is what is written, and ours are upper case: letters, digits and underscores from a letter',
  find: (tokens) => tokens.filter(({ kind, text }) => kind === 'name' && !/^[A-Z][A-Z0-9_]*$/.test(text)),
};

const unquotedName: Rule = {
  id: 'unquoted-name',
  ora: 'ORA-00904',
  why: 'names stand in quotes, so that none is a word of the language',
  find: (tokens) => tokens.filter(({ kind, text }) => kind === 'word' && !vocabulary.has(text)),
};

const reservedWord: Rule = {
  id: 'reserved-word',
  ora: 'ORA-01747',
  why: 'unquoted it is no column but a word of the language',
  find: (tokens) => {
    if (is(tokens[0], ...withoutColumns)) return [];
    return tokens.filter((token, at) => token.kind === 'word' && pseudoColumns.has(token.text) && couldBeColumn(tokens, at));
  },
};

function couldBeColumn(tokens: readonly Token[], at: number): boolean {
  const [before, after] = [tokens[at - 1], tokens[at + 1]];
  if (before === undefined || before.kind === 'name' || before.kind === 'number') return false;
  return !(before.kind === 'word' && beforeTypes.has(before.text)) && !(after?.kind === 'symbol' && after.text === '(');
}

/** What things are called. */
export const nameRules: readonly Rule[] = [longName, lowerCaseName, unquotedName, reservedWord];
