import { oracleError } from './oracle-errors.ts';
import { refuse } from './refusals.ts';
import { isSymbol, isWord, tokensOf, topLevel, type Token } from './tokens.ts';

/** A statement for H2. */
export interface StatementPlan {
  readonly kind: 'statement';
  readonly sql: string;
  /** H2 answers with rows: of a query, or of what a RETURNING clause names. */
  readonly hasRows: boolean;
  readonly isReturning: boolean;
  readonly isDdl: boolean;
  /** Changes or locks rows: begins a transaction, is refused in a READ ONLY one. */
  readonly isWrite: boolean;
  /** The table of an INSERT, UPDATE or MERGE as Oracle writes it in messages. */
  readonly table: string;
  readonly verb: string;
  /** Longest wait for locks; undefined: until they are free. */
  readonly lockWaitMs: number | undefined;
}

/** What is to be done for a statement of Oracle. */
export type Plan =
  | StatementPlan
  | { readonly kind: 'commit' | 'rollback' | 'ignore' }
  | { readonly kind: 'setTransaction'; readonly mode: 'readOnly' | 'serializable' | 'readCommitted' }
  | { readonly kind: 'lockTable'; readonly statements: readonly StatementPlan[] };

const maxPlans = 2000;
const plans = new Map<string, Plan>();

/**
 * Turns a statement of Oracle into one of H2, or says what else it asks for.
 *
 * @throws ORA-… for what Oracle would refuse and H2 accept, ORA-20999 for what the double cannot do
 */
export function translate(sql: string): Plan {
  const known = plans.get(sql);
  if (known !== undefined) return known;
  const plan = planOf(sql);
  if (plans.size >= maxPlans) plans.clear();
  plans.set(sql, plan);
  return plan;
}

function planOf(sql: string): Plan {
  const tokens = tokensOf(sql);
  const [first, second] = tokens;
  if (first === undefined) throw oracleError(900, 'invalid SQL statement');
  if (isWord(first, 'BEGIN', 'DECLARE', 'CALL')) throw oracleError(20999, 'the double runs no PL/SQL');
  refuse(tokens);
  if (isWord(first, 'COMMIT')) return { kind: 'commit' };
  if (isWord(first, 'ROLLBACK')) return rollbackPlan(sql, tokens);
  if (isWord(first, 'SAVEPOINT')) return statement(sql, tokens, {});
  if (isWord(first, 'SET') && isWord(second, 'TRANSACTION')) return setTransactionPlan(tokens);
  if (isWord(first, 'ALTER') && isWord(second, 'SESSION')) return alterSessionPlan(sql, tokens);
  if (isWord(first, 'LOCK')) return lockPlan(sql, tokens);
  if (isWord(first, 'SELECT', 'WITH')) return queryPlan(sql, tokens);
  if (isWord(first, 'INSERT') && isWord(second, 'ALL', 'FIRST')) throw oracleError(20999, 'the double has no INSERT ALL');
  if (isWord(first, 'INSERT', 'UPDATE', 'DELETE', 'MERGE')) return changePlan(sql, tokens);
  if (isWord(first, 'ALTER') && tokens.some((token) => isWord(token, 'PARTITION'))) throw oracleError(20999, 'the double has no partitions');
  return statement(rewritten(sql, tokens, ddlEdits(tokens)), tokens, { isDdl: true });
}

function statement(sql: string, tokens: readonly Token[], parts: Partial<StatementPlan>): StatementPlan {
  const verb = tokens[0]?.text ?? '';
  return { kind: 'statement', sql, hasRows: false, isReturning: false, isDdl: false, isWrite: false, table: '', verb, lockWaitMs: undefined, ...parts };
}

/** A part of the text that H2 gets otherwise. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function rewritten(sql: string, tokens: readonly Token[], edits: readonly Edit[], to = sql.length): string {
  const all = [...edits, ...tokens.flatMap(literalEdit)].filter((edit) => edit.end <= to).sort((a, b) => a.start - b.start);
  let out = '';
  let at = 0;
  for (const edit of all) {
    if (edit.start < at) continue;
    out += sql.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + sql.slice(at, to);
}

function literalEdit(token: Token): Edit[] {
  if (token.kind === 'bind') return [{ start: token.start, end: token.end, text: '?' }];
  const quoted = token.kind === 'string' ? /^[nN]?[qQ]'.([\s\S]*).'$/.exec(token.text) : null;
  if (quoted === null) return [];
  return [{ start: token.start, end: token.end, text: `'${(quoted[1] ?? '').replaceAll("'", "''")}'` }];
}

function rollbackPlan(sql: string, tokens: readonly Token[]): Plan {
  const to = tokens.findIndex((token) => isWord(token, 'TO'));
  if (to < 0) return { kind: 'rollback' };
  const name = tokens.at(-1);
  if (name === undefined) return { kind: 'rollback' };
  return statement(`ROLLBACK TO SAVEPOINT ${sql.slice(name.start, name.end)}`, tokens, {});
}

function setTransactionPlan(tokens: readonly Token[]): Plan {
  if (isWord(tokens[2], 'READ')) {
    if (isWord(tokens[3], 'ONLY')) return { kind: 'setTransaction', mode: 'readOnly' };
    if (isWord(tokens[3], 'WRITE')) return { kind: 'setTransaction', mode: 'readCommitted' };
  }
  if (isWord(tokens[2], 'ISOLATION') && isWord(tokens[3], 'LEVEL')) {
    if (isWord(tokens[4], 'SERIALIZABLE')) return { kind: 'setTransaction', mode: 'serializable' };
    if (isWord(tokens[4], 'READ') && isWord(tokens[5], 'COMMITTED')) return { kind: 'setTransaction', mode: 'readCommitted' };
  }
  if (isWord(tokens[2], 'NAME')) return { kind: 'ignore' };
  throw oracleError(900, 'invalid SQL statement');
}

function alterSessionPlan(sql: string, tokens: readonly Token[]): Plan {
  const zone = tokens.findIndex((token) => isWord(token, 'TIME_ZONE'));
  const value = tokens[zone + 2];
  if (zone < 0 || value?.kind !== 'string') return { kind: 'ignore' };
  return statement(`SET TIME ZONE ${sql.slice(value.start, value.end)}`, tokens, {});
}

/** H2 has no table locks: who locks holds a row that stands for the table, and the rows that are there. */
function lockPlan(sql: string, tokens: readonly Token[]): Plan {
  const as = tokens.findIndex((token) => isWord(token, 'IN'));
  const mode = tokens.slice(as + 1).find((token) => token.kind === 'word')?.text;
  const name = tokens[as - 1];
  if (as < 3 || name === undefined) throw oracleError(900, 'invalid SQL statement');
  if (mode !== 'EXCLUSIVE') throw oracleError(20999, 'the double locks tables in EXCLUSIVE MODE only');
  const wait = { lockWaitMs: waitOf(tokens), isWrite: true };
  const first = tokens[2];
  const table = sql.slice(first?.start ?? 0, name.end);
  return {
    kind: 'lockTable',
    statements: [
      statement(`SELECT 1 FROM ${table} FOR UPDATE`, tokens, { ...wait, hasRows: true }),
      statement(`MERGE INTO SYS.TABLE_LOCKS KEY (NAME) VALUES ('${name.text.replaceAll("'", "''")}')`, tokens, wait),
    ],
  };
}

function waitOf(tokens: readonly Token[]): number | undefined {
  const last = tokens.at(-1);
  if (isWord(last, 'NOWAIT')) return 0;
  if (isWord(tokens.at(-2), 'WAIT')) return Number(last?.text) * 1000;
  return undefined;
}

function queryPlan(sql: string, tokens: readonly Token[]): Plan {
  const lock = tokens.findIndex((token, at) => token.depth === 0 && isWord(token, 'FOR') && isWord(tokens[at + 1], 'UPDATE'));
  const update = tokens[lock + 1];
  if (lock < 0 || update === undefined) return statement(rewritten(sql, tokens, []), tokens, { hasRows: true });
  if (isWord(tokens.at(-2), 'SKIP')) throw oracleError(20999, 'the double has no SKIP LOCKED');
  return statement(rewritten(sql, tokens, [], update.end), tokens, { hasRows: true, isWrite: true, lockWaitMs: waitOf(tokens) });
}

function changePlan(sql: string, tokens: readonly Token[]): Plan {
  const parts = { isWrite: true, table: tableOf(tokens) };
  const returning = topLevel(tokens, ['RETURNING', 'RETURN']);
  const into = returning < 0 ? -1 : topLevel(tokens, ['INTO'], returning);
  const from = tokens[returning];
  const to = tokens[into];
  if (from === undefined || to === undefined) return statement(rewritten(sql, tokens, []), tokens, parts);
  const verb = tokens[0]?.text;
  if (verb === 'MERGE') throw oracleError(933, 'SQL command not properly ended');
  const expressions = sql.slice(from.end, to.start);
  const change = rewritten(sql, tokens, [], from.start);
  // What was there is returned by a DELETE, what is there by the others.
  const text = `SELECT ${expressions} FROM ${verb === 'DELETE' ? 'OLD' : 'FINAL'} TABLE (${change})`;
  return statement(text, tokens, { ...parts, hasRows: true, isReturning: true });
}

function tableOf(tokens: readonly Token[]): string {
  const at = isWord(tokens[0], 'UPDATE') ? 1 : tokens.findIndex((token) => isWord(token, 'INTO')) + 1;
  const name = isSymbol(tokens[at + 1], '.') ? tokens[at + 2] : tokens[at];
  return name?.text ?? '';
}

/** Clauses about storage say nothing that H2 could do; the rest of a definition it knows. */
function ddlEdits(tokens: readonly Token[]): Edit[] {
  return tokens.flatMap((token, at) => {
    const next = tokens[at + 1];
    const without = (last: Token | undefined): Edit[] => [{ start: token.start, end: last?.end ?? token.end, text: '' }];
    if (isWord(token, 'ORGANIZATION') && isWord(next, 'INDEX', 'HEAP')) return without(next);
    if (isWord(token, 'TABLESPACE')) return without(next);
    if (isWord(token, 'USING') && isWord(next, 'INDEX')) return without(next);
    if (isWord(token, 'PARTITION') && isWord(next, 'BY') && isWord(tokens[0], 'CREATE')) return without(tokens.at(-1));
    if (isWord(token, 'SEGMENT') && isWord(next, 'CREATION')) return without(tokens[at + 2]);
    if (isWord(token, 'ONLINE', 'PURGE', 'LOGGING', 'NOLOGGING', 'NOCOMPRESS') && token.depth === 0) return without(token);
    if (isWord(token, 'CONSTRAINTS') && isWord(tokens[at - 1], 'CASCADE')) return without(token);
    if (isWord(token, 'BYTE') && tokens[at - 1]?.kind === 'number') return without(token);
    return [];
  });
}
