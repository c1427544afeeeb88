import process from 'node:process';
import type { PartitionOptions } from '@midgard/dao';
import { noteCommand } from '../audit/note-command.ts';
import { readSettings } from '../config.ts';
import { resolveSecrets } from '../secrets.ts';
import { onEach } from './each-database.ts';
import { listedDatabases } from './listed-databases.ts';

/** Gives the yearly partitions of every database their coming years and, only if told, drops years that are over, or prints what it would run. */
export async function partitionsCommand({
  dryRun = false,
  ...years
}: { dryRun?: boolean } & Pick<PartitionOptions, 'yearsAhead' | 'keepYears'>): Promise<void> {
  const { config, isProduction } = readSettings();
  if (!dryRun) await noteCommand(config, { operation: 'database.partitions', entity: 'database', subject: '*', changes: years });
  await onEach('not maintained', await listedDatabases(config, resolveSecrets(config, isProduction)), async (database, { entities }, title) => {
    const statements = await database.maintainPartitions(entities, { ...years, isDryRun: dryRun });
    const done = statements.length === 0 ? 'nothing to do' : `${dryRun ? 'to run' : 'ran'} ${statements.length}`;
    process.stdout.write(`-- ${title}: ${done}\n${statements.map((statement) => `${statement};\n`).join('')}`);
  });
}
