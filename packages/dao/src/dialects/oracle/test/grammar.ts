import { PlSqlLexer, PlSqlParser } from '@griffithswaite/ts-plsql-parser';
import { CharStream, CommonTokenStream, ErrorListener, Token } from 'antlr4';
import type { Finding } from './finding.ts';
import { skeletonOf } from './skeleton.ts';

/** Gathers what the lexer and the parser complain of, instead of printing it. */
class Complaints extends ErrorListener {
  readonly findings: Finding[] = [];

  override syntaxError(_recognizer: unknown, _symbol: unknown, line: number, column: number, detail: string): void {
    this.findings.push({ rule: 'grammar', ora: 'ORA-00900', line, column: column + 1, detail });
  }
}

/** Modes of prediction, of antlr4's PredictionMode: SLL and LL. */
const [quick, thorough] = [0, 1];

/** Which Oracle takes, where the grammar wants a name. */
const numberOfSession = /(?<=^alter session set \w+ = )\d+$/i;

/** What the grammar took already, in this process. */
const taken = new Set<string>();

/**
 * Holds one statement against the ANTLR grammar of Oracle's SQL. The grammar is wide: it knows no types and no reserved words,
 * and takes some things that Oracle does not (see `lint.ts`).
 *
 * The first SELECT and the first MERGE of a process take seconds each, while the parser fills its tables; so each shape is parsed once, and
 * with the quicker prediction: what that takes is a sentence of the language, and what it does not take is looked at again, in full.
 */
export function parseOracleSql(text: string): readonly Finding[] {
  const shape = skeletonOf(text);
  if (taken.has(shape) || parse(shape, quick).length === 0) {
    taken.add(shape);
    return [];
  }
  const findings = parse(shape, thorough);
  if (findings.length === 0) {
    taken.add(shape);
    return [];
  }
  // Where it stands in the statement itself.
  const placed = parse(text, thorough);
  return placed.length > 0 ? placed : findings;
}

function parse(text: string, prediction: number): readonly Finding[] {
  const complaints = new Complaints();
  const lexer = new PlSqlLexer(new CharStream(text.replace(numberOfSession, 'N')));
  lexer.removeErrorListeners();
  lexer.addErrorListener(complaints);
  const tokens = new CommonTokenStream(lexer);
  const parser = new PlSqlParser(tokens);
  parser.removeErrorListeners();
  parser.addErrorListener(complaints);
  parser.buildParseTrees = false;
  parser._interp.predictionMode = prediction;
  parser.unit_statement();
  const rest = tokens.LT(1);
  // The rule ends where a statement may end: what follows it is no part of any.
  if (rest.type !== Token.EOF && complaints.findings.length === 0)
    return [{ rule: 'grammar', ora: 'ORA-00933', line: rest.line, column: rest.column + 1, detail: `no statement goes on with ${rest.text}` }];
  return complaints.findings;
}
