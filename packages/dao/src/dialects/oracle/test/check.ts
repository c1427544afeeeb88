import type { Finding } from './finding.ts';
import { parseOracleSql } from './grammar.ts';
import { lintOracleSql } from './lint.ts';

/**
 * Holds one statement against the grammar and against our own rules: as near to Oracle as one gets without one.
 *
 * @param options.isHandWritten whether only what Oracle itself refuses is looked for, and not our style
 * @returns nothing for a statement that is right
 */
export function checkOracleSql(text: string, { isHandWritten = false }: { readonly isHandWritten?: boolean } = {}): readonly Finding[] {
  return [...parseOracleSql(text), ...lintOracleSql(text, isHandWritten)];
}
