import type { Finding } from './finding.ts';
import { clauseRules } from './rules/clauses.ts';
import { definitionRules } from './rules/definitions.ts';
import { nameRules } from './rules/names.ts';
import type { Rule } from './rules/rule.ts';
import { valueRules } from './rules/values.ts';
import { placeOf, tokensOf } from './tokens.ts';

/** What the grammar and H2's Oracle mode let pass, and Oracle does not or nobody wants. */
export const rules: readonly Rule[] = [...clauseRules, ...nameRules, ...valueRules, ...definitionRules];

/** Rules of our own style, which do not hold for statements that others write by hand. */
const styleOnly: ReadonlySet<string> = new Set(['unquoted-name', 'select-star', 'text-literal', 'number-literal', 'comment']);

/** @returns what breaks a rule, in the order of the statement */
export function lintOracleSql(text: string, isHandWritten = false): readonly Finding[] {
  const tokens = tokensOf(text);
  return rules
    .filter(({ id }) => !isHandWritten || !styleOnly.has(id))
    .flatMap((rule) =>
      rule.find(tokens).map((token) => ({ rule: rule.id, ora: rule.ora, ...placeOf(text, token.start), detail: `${token.text}: ${rule.why}` })),
    )
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
