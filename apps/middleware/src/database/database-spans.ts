import { normalizedStatement, type StatementEvent } from '@midgard/dao';
import type { SpanPart } from '@midgard/server';

/** Most texts whose normal form is remembered: as many as games have statements, and few enough for those that are made up as they go. */
const maxTexts = 1000;

/**
 * Describes statements for spans: by OpenTelemetry's conventions, with the text that the slow log has, which holds no values.
 *
 * @param system what the database is called there
 */
export function statementParts(system: string): (event: StatementEvent) => SpanPart {
  const texts = new Map<string, string>();
  const normal = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    if (texts.size === maxTexts) texts.clear();
    const made = normalizedStatement(text);
    texts.set(text, made);
    return made;
  };
  return ({ entity, kind, text, rows, durationMs, waitMs }) => ({
    name: entity === undefined ? kind : `${kind} ${entity}`,
    kind: 'client',
    durationMs,
    attributes: {
      'db.system.name': system,
      'db.operation.name': kind,
      ...(entity !== undefined && { 'db.collection.name': entity }),
      'db.query.text': normal(text),
      'db.response.returned_rows': rows,
      'midgard.pool_wait_ms': Math.round(waitMs * 1000) / 1000,
    },
  });
}
