/** Comments, quoted texts and names, and the end of a statement: what may hold a `;` that ends nothing comes first. */
const pieces = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"[^"]*"|`[^`]*`|;/g;

/**
 * Splits a file at the `;` behind each statement. Comments are left out; PL/SQL blocks, which hold `;` themselves, cannot be written
 * so, nor a backslash before a quote.
 *
 * @returns the statements, trimmed; O(length)
 */
export function statementsOf(text: string): readonly string[] {
  const statements: string[] = [];
  let statement = '';
  let from = 0;
  const finish = (): void => {
    if (statement.trim() !== '') statements.push(statement.trim());
    statement = '';
  };
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    statement += text.slice(from, index);
    from = index + piece.length;
    if (piece === ';') finish();
    else if (!piece.startsWith('--') && !piece.startsWith('/*')) statement += piece;
  }
  statement += text.slice(from);
  finish();
  return statements;
}

const losses = /^(?:drop\s+table|truncate|delete)\b|\bdrop\s+(?:column\b|partition\b|\()|\bset\s+unused\b/i;

/** @returns whether a statement deletes rows or columns with what is in them, as far as its text tells */
export function losesData(statement: string): boolean {
  return losses.test(statement);
}
