import type { AuditFacts } from '@midgard/auth';
import type { EntryLog } from '@midgard/logging';

/**
 * Copies entries of audit logs into the log, where a collector finds them; the record is the audit log itself, which shows that nobody has
 * changed it.
 *
 * @returns what makes the copier of one audit log, by its scope
 */
export function auditLines(entries: Pick<EntryLog, 'audit'>): (scope: string) => (facts: AuditFacts) => void {
  return (scope) =>
    ({ at: _at, changes, ...facts }) =>
      entries.audit({ scope, ...facts, ...(typeof changes === 'object' && changes !== null && { changes }) });
}
