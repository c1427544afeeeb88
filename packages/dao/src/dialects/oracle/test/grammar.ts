import { PlSqlLexer, PlSqlParser } from '@griffithswaite/ts-plsql-parser';
import { CharStream, CommonTokenStream, ErrorListener, Token } from 'antlr4';
import type { Finding } from './finding.ts';

/** Gathers what the lexer and the parser complain of, instead of printing it. */
class Complaints extends ErrorListener {
  readonly findings: Finding[] = [];

  override syntaxError(_recognizer: unknown, _symbol: unknown, line: number, column: number, detail: string): void {
    this.findings.push({ rule: 'grammar', ora: 'ORA-00900', line, column: column + 1, detail });
  }
}

/** Which Oracle takes, where the grammar wants a name. */
const numberOfSession = /(?<=^alter session set \w+ = )\d+$/i;

/**
 * Holds one statement against the ANTLR grammar of Oracle's SQL. The grammar is wide: it knows no types and no reserved words,
 * and takes some things that Oracle does not (see `lint.ts`).
 *
 * The first MERGE of a process takes seconds, while the parser fills its tables; later ones take milliseconds.
 */
export function parseOracleSql(text: string): readonly Finding[] {
  const complaints = new Complaints();
  const lexer = new PlSqlLexer(new CharStream(text.replace(numberOfSession, 'N')));
  lexer.removeErrorListeners();
  lexer.addErrorListener(complaints);
  const tokens = new CommonTokenStream(lexer);
  const parser = new PlSqlParser(tokens);
  parser.removeErrorListeners();
  parser.addErrorListener(complaints);
  parser.buildParseTrees = false;
  parser.unit_statement();
  const rest = tokens.LT(1);
  // The rule ends where a statement may end: what follows it is no part of any.
  if (rest.type !== Token.EOF && complaints.findings.length === 0)
    return [{ rule: 'grammar', ora: 'ORA-00933', line: rest.line, column: rest.column + 1, detail: `no statement goes on with ${rest.text}` }];
  return complaints.findings;
}
