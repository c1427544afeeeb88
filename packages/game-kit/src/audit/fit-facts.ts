import type { AuditFacts } from '@midgard/auth';
import type { Entity } from '@midgard/dao';
import { auditEntry } from '../entities/audit.ts';

const textColumns = ['actor', 'actorKind', 'roles', 'transport', 'address', 'requestId', 'operation', 'entity', 'subject'] as const;

/** Cuts texts to their columns and takes out what no database keeps, so that nothing a caller sends can keep an act out of the log. */
export function fitFacts(facts: AuditFacts): AuditFacts {
  const entity: Entity = auditEntry;
  const fitted = textColumns.map((name) => [name, fit(facts[name], entity.columns[name]?.traits.maxLength ?? 0)] as const);
  return { ...facts, ...Object.fromEntries(fitted) };
}

function fit(text: string, maxLength: number): string {
  const whole = text.toWellFormed().replaceAll('\u0000', '\uFFFD');
  return whole.length <= maxLength ? whole : Array.from(whole).slice(0, maxLength).join('');
}
