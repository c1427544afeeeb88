import { type Rule, is, never } from './rule.ts';

/** Numbers that are part of a statement and no data: `1 = 0`, `+ 1`, lengths of types. */
const greatestNumber = 4000;
/** Texts that are part of a statement and no data: formats, and settings of a session. */
const fixedTexts: ReadonlySet<string> = new Set(['UTC', '.,', 'YYYY-MM-DD HH24:MI:SS.FF3', 'YYYY-MM-DD"T"HH24:MI:SS.FF3"Z"']);

const emptyText: Rule = {
  id: 'empty-text',
  ora: 'none',
  why: 'it is null',
  find: (tokens) => tokens.filter(({ kind, text }) => kind === 'text' && text === ''),
};

const textLiteral: Rule = {
  id: 'text-literal',
  ora: 'none',
  why: 'values are bound, never written',
  find: (tokens) => tokens.filter(({ kind, text }) => kind === 'text' && text !== '' && !fixedTexts.has(text)),
};

const numberLiteral: Rule = {
  id: 'number-literal',
  ora: 'none',
  why: 'values are bound, never written',
  find: (tokens) => tokens.filter(({ kind, text }) => kind === 'number' && !(/^\d+$/.test(text) && Number(text) <= greatestNumber)),
};

const booleanLiteral: Rule = {
  id: 'boolean-literal',
  ora: 'ORA-00904',
  why: 'SQL has no booleans before 23ai: they are 0 and 1',
  find: (tokens) => tokens.filter((token) => is(token, 'TRUE', 'FALSE')),
};

const bindOrder: Rule = {
  id: 'bind-order',
  ora: 'ORA-01008',
  why: 'binds are :1, :2 and so on, each once, in their order',
  find: (tokens) => tokens.filter(({ kind }) => kind === 'bind').filter(({ text }, at) => text.startsWith(':') && text !== `:${at + 1}`),
};

const foreignBind: Rule = {
  id: 'foreign-bind',
  ora: 'ORA-00911',
  why: 'a bind begins with a colon',
  find: (tokens) => tokens.filter(({ kind, text }) => kind === 'bind' && !text.startsWith(':')),
};

const foreignCharacter: Rule = {
  id: 'foreign-character',
  ora: 'ORA-00911',
  why: 'no such character in Oracle: names stand in "double quotes"',
  find: (tokens) => tokens.filter(({ kind }) => kind === 'unknown'),
};

const comment: Rule = {
  id: 'comment',
  ora: 'none',
  why: 'a statement of ours has neither comments nor hints',
  find: (tokens) => tokens.filter(({ kind }) => kind === 'comment'),
};

/** Values and binds, and what stands between statements. */
export const valueRules: readonly Rule[] = [
  emptyText,
  textLiteral,
  numberLiteral,
  booleanLiteral,
  bindOrder,
  foreignBind,
  foreignCharacter,
  comment,
  never('semicolon', 'ORA-00933', 'it belongs to tools, not to statements', [';']),
];
