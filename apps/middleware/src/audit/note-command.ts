import type { Config } from '../config-schema.ts';
import { openServiceDatabase } from '../database/service-database.ts';
import { type ServiceAct, ServiceAudit } from './service-audit.ts';

/** Notes what a command is about to do elsewhere than in the service's own database, in the audit log of that one. */
export async function noteCommand(config: Config, act: ServiceAct): Promise<void> {
  await using database = await openServiceDatabase(config);
  await ServiceAudit.ofCommand(config).note(database, act);
}
