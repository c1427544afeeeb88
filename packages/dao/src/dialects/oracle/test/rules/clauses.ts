import type { Token } from '../tokens.ts';
import { type Rule, bracket, clause, is, listParts, never } from './rule.ts';

const endsOfSelectList = ['FROM', 'UNION', 'MINUS', 'INTERSECT', 'WHERE', 'ORDER', 'GROUP', 'FOR', 'FETCH', 'OFFSET'];
const endsOfFrom = ['WHERE', 'ORDER', 'GROUP', 'HAVING', 'CONNECT', 'START', 'OFFSET', 'FETCH', 'FOR', 'UNION', 'MINUS', 'INTERSECT', 'SET', 'ON', 'WHEN'];
const comparisons = ['=', '<>', '!=', '<', '>', '<=', '>='];
/** Words before a bracket that is no call of a function. */
const notCalls = ['WHERE', 'AND', 'OR', 'NOT', 'ON', 'WHEN', 'HAVING', '(', ',', ...comparisons];
/** Oracle's longest list of values. */
const maxListValues = 1000;

const selectWithoutFrom: Rule = {
  id: 'select-without-from',
  ora: 'ORA-00923',
  why: 'a select names where its rows come from; DUAL has one row',
  find: (tokens) =>
    tokens.filter((token, at) => {
      if (!is(token, 'SELECT')) return false;
      const list = clause(tokens, at, endsOfSelectList);
      return !is(tokens[at + 1 + list.length], 'FROM');
    }),
};

const aliasAs: Rule = {
  id: 'alias-as',
  ora: 'ORA-00933',
  why: 'the second name of a table follows it without AS',
  find: (tokens) =>
    tokens.flatMap((token, at) => {
      if (!is(token, 'FROM', 'UPDATE', 'INTO', 'USING', 'JOIN')) return [];
      return clause(tokens, at, endsOfFrom).filter((within) => within.depth === token.depth && is(within, 'AS'));
    }),
};

const rowComparison: Rule = {
  id: 'row-comparison',
  ora: 'ORA-01796',
  why: 'rows of values have no order: write it out with AND and OR',
  find: (tokens) =>
    tokens.filter((token, at) => {
      if (!is(token, '(') || !is(tokens[at - 1], ...notCalls) || is(tokens[at + 1], 'SELECT')) return false;
      const inner = bracket(tokens, at);
      const isList = inner.some((within) => within.depth === token.depth + 1 && is(within, ','));
      return isList && is(tokens[at + inner.length + 2], ...comparisons);
    }),
};

const fetchForUpdate: Rule = {
  id: 'fetch-for-update',
  ora: 'ORA-02014',
  why: 'rows that are counted off cannot be locked by the same select',
  find: (tokens) => {
    const isLimited = tokens.some((token, at) => is(token, 'FETCH', 'OFFSET') && !is(tokens[at - 1], 'OPEN'));
    return isLimited ? tokens.filter((token, at) => is(token, 'FOR') && is(tokens[at + 1], 'UPDATE')) : [];
  },
};

const manyRowsOfValues: Rule = {
  id: 'many-rows-of-values',
  ora: 'ORA-00933',
  why: 'VALUES takes one row',
  find: (tokens) => tokens.filter((token, at) => is(token, 'VALUES') && is(tokens[at + 1], '(') && is(tokens[at + 3 + bracket(tokens, at + 1).length], ',')),
};

const longList: Rule = {
  id: 'long-list',
  ora: 'ORA-01795',
  why: `a list has at most ${maxListValues} values`,
  find: (tokens) => tokens.filter((token, at) => is(token, 'IN') && is(tokens[at + 1], '(') && listParts(tokens, at + 1).length > maxListValues),
};

const mergeOfKey: Rule = {
  id: 'merge-of-key',
  ora: 'ORA-38104',
  why: 'a merge cannot update what it looks rows up by',
  find: (tokens) => {
    if (!is(tokens[0], 'MERGE')) return [];
    const on = tokens.findIndex((token) => token.depth === 0 && is(token, 'ON'));
    const keys = new Set(
      clause(tokens, on, ['WHEN'])
        .filter((_, at, all) => isColumn(all, at))
        .map(({ text }) => text),
    );
    const set = tokens.findIndex((token) => token.depth === 0 && is(token, 'SET'));
    const assignments = set < 0 ? [] : clause(tokens, set, ['WHEN', 'WHERE', 'DELETE']);
    return assignments.filter((token, at) => token.depth === 0 && token.kind === 'name' && is(assignments[at + 1], '=') && keys.has(token.text));
  },
};

function isColumn(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.kind === 'name' && !is(tokens[at + 1], '.');
}

const returningWithoutInto: Rule = {
  id: 'returning-without-into',
  ora: 'ORA-00925',
  why: 'what RETURNING gives goes INTO binds',
  find: (tokens) => tokens.filter((token, at) => is(token, 'RETURNING', 'RETURN') && !clause(tokens, at, []).some((within) => is(within, 'INTO'))),
};

const selectStar: Rule = {
  id: 'select-star',
  ora: 'none',
  why: 'columns that a later release adds would shift the others',
  find: (tokens) => tokens.filter((token, at) => is(token, '*') && (is(tokens[at - 1], 'SELECT', 'DISTINCT', '.') || is(tokens[at - 1], ','))),
};

/** How statements are put together. */
export const clauseRules: readonly Rule[] = [
  selectWithoutFrom,
  aliasAs,
  rowComparison,
  fetchForUpdate,
  manyRowsOfValues,
  longList,
  mergeOfKey,
  returningWithoutInto,
  selectStar,
  never('limit', 'ORA-00933', 'rows are counted off by OFFSET and FETCH', ['LIMIT']),
  never('on-conflict', 'ORA-00933', 'Oracle has MERGE', ['ON', 'CONFLICT']),
  never('on-duplicate', 'ORA-00933', 'Oracle has MERGE', ['ON', 'DUPLICATE']),
  never('release-savepoint', 'ORA-00900', 'a savepoint goes with the transaction, or when one of its name is set again', ['RELEASE']),
  never('begin-transaction', 'ORA-00900', 'a transaction begins with its first statement', ['BEGIN'], ['START', 'TRANSACTION']),
  never('except', 'ORA-00933', 'before 21c it is called MINUS', ['EXCEPT']),
];
