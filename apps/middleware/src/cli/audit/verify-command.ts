import { existsSync } from 'node:fs';
import process from 'node:process';
import type { AuditCheckpoint, AuditFinding } from '@midgard/auth';
import { DaoError } from '@midgard/dao';
import { type AuditReport, verifyAudit } from '@midgard/game-kit';
import { printable } from '@midgard/logging';
import { checkpointFile, readCheckpoints } from '../../audit/checkpoint-file.ts';
import { type AuditedDatabase, auditSettings, troubleOf } from './audited-databases.ts';

/** Something was changed, or a log could not be looked at. */
const NOT_PROVEN = 1;
const progressMs = 1000;

/** Arguments of `midgard audit verify`. */
export interface VerifyArguments {
  readonly game?: string;
  readonly checkpoints?: readonly string[];
  readonly json?: boolean;
}

type Verdict = { readonly scope: string } & (AuditReport | { readonly trouble: string });

/**
 * Walks every chain of the audit logs and tells what somebody changed, removed, put in or moved. Ends with 0 where nothing is wrong, 1 where
 * something is or could not be looked at, 2 where it was called wrongly.
 */
export async function verifyCommand({ game, checkpoints, json = false }: VerifyArguments): Promise<void> {
  const { config, keyring, databases } = await auditSettings(game);
  const own = checkpointFile(config);
  const files = checkpoints ?? (existsSync(own) ? [own] : []);
  const witnesses = (await Promise.all(files.map(readCheckpoints))).flat();
  const verdicts: Verdict[] = [];
  for (const database of databases) verdicts.push(await verdictOf(database, witnesses));
  const isWhole = verdicts.every((verdict) => 'findings' in verdict && verdict.findings.length === 0);
  const lines = verdicts.flatMap(linesOf);
  process.stdout.write(
    json ? `${printable(JSON.stringify({ isWhole, checkpointFiles: files, logs: verdicts }, digits))}\n` : `${lines.map(printable).join('\n')}\n`,
  );
  if (!isWhole) process.exitCode = NOT_PROVEN;

  async function verdictOf({ scope, open }: AuditedDatabase, copies: readonly AuditCheckpoint[]): Promise<Verdict> {
    try {
      await using database = await open();
      return { scope, ...(await verifyAudit(database, { scope, keys: keyring.keys, witnesses: copies, progress: progressOf(scope) })) };
    } catch (error) {
      if (!(error instanceof DaoError)) throw error;
      return { scope, trouble: troubleOf(error) };
    }
  }
}

/** Says on standard error how far it is, at most once a second. */
function progressOf(scope: string): (at: { readonly chain: number; readonly sequence: bigint }) => void {
  let toldAt = performance.now();
  return ({ chain, sequence }) => {
    if (performance.now() - toldAt < progressMs) return;
    toldAt = performance.now();
    process.stderr.write(`${scope}: chain ${chain}, row ${sequence} …\n`);
  };
}

function linesOf(verdict: Verdict): readonly string[] {
  if ('trouble' in verdict) return [`✗ ${verdict.scope}: ${verdict.trouble}`];
  const { scope, chains, rows, findings } = verdict;
  const sum = `${scope}: ${rows} ${rows === 1 ? 'entry' : 'entries'} in ${chains} ${chains === 1 ? 'chain' : 'chains'}`;
  return findings.length === 0 ? [`✓ ${sum}, nothing changed`] : [`✗ ${sum}, ${findings.length} found:`, ...findings.map(lineOf)];
}

function lineOf({ chain, fault, detail }: AuditFinding): string {
  return `    chain ${chain}: ${fault}: ${detail}`;
}

/** Ids are digits in JSON, as everywhere. */
export function digits(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
