import type { Conditions, Page, Session } from '@midgard/dao';
import { page } from '../operations/page.ts';
import { auditEntry } from '../entities/audit.ts';

/** Which entries are looked for; every field that is given must fit. */
export interface AuditSearch {
  /** From this moment on. */
  readonly from?: Date | undefined;
  /** Up to this moment, it excluded. */
  readonly to?: Date | undefined;
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  readonly entity?: string | undefined;
  readonly subject?: string | undefined;
  /** 1 to 1000; default 50. */
  readonly limit?: number | undefined;
  readonly cursor?: string | null | undefined;
}

/**
 * Finds entries of an audit log, the newest first.
 *
 * @throws {MidgardError} 2001: the cursor is of another search
 */
export function searchAudit(
  session: Session,
  { from, to, actor, operation, entity, subject, limit = 50, cursor = null }: AuditSearch,
): Promise<Page<typeof auditEntry>> {
  const at = { ...(from !== undefined && { gte: from }), ...(to !== undefined && { lt: to }) };
  const where: Conditions<typeof auditEntry> = {
    ...(Object.keys(at).length > 0 && { at }),
    ...(actor !== undefined && { actor }),
    ...(operation !== undefined && { operation }),
    ...(entity !== undefined && { entity }),
    ...(subject !== undefined && { subject }),
  };
  return page(session, auditEntry, cursor ?? undefined, { where, orderBy: 'at', descending: true, limit });
}
