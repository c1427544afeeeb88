import process from 'node:process';
import { AuditTrail, pruneAudit } from '@midgard/game-kit';
import { checkpointSink } from '../../audit/checkpoint-file.ts';
import { commandActor } from '../../audit/service-audit.ts';
import { auditSettings } from './audited-databases.ts';

/** Removes what is older from the audit logs, each up to a signed checkpoint, and notes in each that it was done. */
export async function pruneCommand({ game, before }: { readonly game?: string; readonly before: Date }): Promise<void> {
  const { config, keyring, databases } = await auditSettings(game);
  for (const { scope, open } of databases) {
    await using database = await open();
    const trail = new AuditTrail({ scope, chain: config.instance });
    const options = { before: before.getTime(), signer: keyring.signer, trail, actor: commandActor(), now: Date.now(), sink: checkpointSink(config) };
    const pruned = await pruneAudit(database, options);
    for (const { chain, rows, checkpoint } of pruned)
      process.stdout.write(`${scope}: chain ${chain}: ${rows} entries removed, up to checkpoint ${checkpoint}\n`);
    if (pruned.length === 0) process.stdout.write(`${scope}: nothing to remove\n`);
  }
}
