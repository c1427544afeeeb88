import { type Rule, is, never } from './rule.ts';

/** Types of other databases, and those that Oracle has in PL/SQL only or since 23ai. */
const foreignTypes = ['BIGINT', 'BOOLEAN', 'BOOL', 'TEXT', 'DATETIME', 'TINYINT', 'MEDIUMTEXT', 'LONGTEXT', 'VARBINARY', 'BYTEA', 'SERIAL', 'UUID', 'DOUBLE'];

const foreignType: Rule = {
  id: 'foreign-type',
  ora: 'ORA-00902',
  why: 'Oracle has no such type',
  find: (tokens) => tokens.filter((token) => is(token, ...foreignTypes)),
};

const lengthWithoutUnit: Rule = {
  id: 'length-without-unit',
  ora: 'none',
  why: 'without CHAR the length may count bytes',
  find: (tokens) => tokens.filter((token, at) => is(token, 'VARCHAR2', 'VARCHAR') && !(is(tokens[at + 1], '(') && is(tokens[at + 3], 'CHAR'))),
};

const defaultBehind: Rule = {
  id: 'default-behind-not-null',
  ora: 'ORA-00907',
  why: 'DEFAULT stands before NOT NULL',
  find: (tokens) => tokens.filter((token, at) => is(token, 'DEFAULT') && is(tokens[at - 1], 'NULL')),
};

const cascade: Rule = {
  id: 'cascade',
  ora: 'ORA-00933',
  why: 'it is CASCADE CONSTRAINTS',
  find: (tokens) => tokens.filter((token, at) => is(token, 'CASCADE') && !is(tokens[at + 1], 'CONSTRAINTS') && !is(tokens[at - 1], 'DELETE')),
};

/** Statements that make and change tables. */
export const definitionRules: readonly Rule[] = [
  foreignType,
  lengthWithoutUnit,
  defaultBehind,
  cascade,
  never('if-exists', 'ORA-00933', 'before 23ai there is no IF EXISTS', ['IF', 'EXISTS'], ['IF', 'NOT', 'EXISTS']),
  never('add-column', 'ORA-00904', 'columns are added by ADD (…)', ['ADD', 'COLUMN']),
  never('alter-column', 'ORA-00905', 'columns are changed by MODIFY (…)', ['ALTER', 'COLUMN'], ['MODIFY', 'COLUMN']),
  never('auto-increment', 'ORA-00907', 'ids are made by the application', ['AUTO_INCREMENT'], ['AUTOINCREMENT']),
];
