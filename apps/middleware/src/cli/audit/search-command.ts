import process from 'node:process';
import { type AuditSearch, searchAudit } from '@midgard/game-kit';
import { printable } from '@midgard/logging';
import { auditSettings } from './audited-databases.ts';
import { digits } from './verify-command.ts';

/** Arguments of `midgard audit search`. */
export interface SearchArguments extends Pick<AuditSearch, 'from' | 'to' | 'actor' | 'operation' | 'entity' | 'subject' | 'limit'> {
  readonly game: string;
  readonly json?: boolean;
}

/** Prints entries of one audit log, the newest first: a line each, whatever somebody wrote into them. */
export async function searchCommand({ game, json = false, ...search }: SearchArguments): Promise<void> {
  const { databases } = await auditSettings(game);
  for (const { open } of databases) {
    await using database = await open();
    const { items } = await database.read((session) => searchAudit(session, search));
    for (const entry of items) {
      const { chain, sequence, at, actor, address, operation, entity, subject, outcome, changes } = entry;
      const line = `${at.toISOString()} ${chain}/${sequence} ${actor} ${address} ${operation} ${entity} ${subject} ${outcome === 0 ? 'done' : `refused ${outcome}`} ${JSON.stringify(changes)}`;
      process.stdout.write(`${printable(json ? JSON.stringify(entry, digits) : line)}\n`);
    }
  }
}
