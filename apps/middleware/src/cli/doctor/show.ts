import process from 'node:process';
import { styleText } from 'node:util';
import type { LedgerReport } from '@midgard/game-kit';
import type { Examination, Findings, ServerReport } from './examine.ts';

/** An examination, with what was found in the ledger where that was asked for. */
export interface DoctorReport extends Examination {
  readonly ledger: LedgerReport | undefined;
}

/** Colours where a person looks, and nowhere else. */
const red = (text: string): string => styleText('red', text, { stream: process.stdout });
const yellow = (text: string): string => styleText('yellow', text, { stream: process.stdout });
const green = (text: string): string => styleText('green', text, { stream: process.stdout });

/** Uses that are as they should be. */
const goodStates: ReadonlySet<string> = new Set(['active', 'ready', 'serving']);

/** Whether there is nothing to do for a database. */
export function isWell({ findings, ledger }: DoctorReport): boolean {
  return findings?.pendingStatements === 0 && findings.servers.every(isGood) && (ledger?.violations.length ?? 0) === 0;
}

/** @returns the lines for one database: one where it does not answer */
export function linesOf(report: DoctorReport): readonly string[] {
  const { name, url, findings, trouble, ledger } = report;
  if (findings === undefined) return [red(`✗ ${name}  ${url}  ${trouble?.reason ?? ''}${trouble?.advice === undefined ? '' : `; ${trouble.advice}`}`)];
  return [
    `${isWell(report) ? green('✓') : yellow('!')} ${name}  ${url}`,
    `    ${findings.version} (dialect ${findings.dialect}), answers in ${findings.latencyMs.toFixed(1)} ms`,
    ...findings.servers.map((server) => `    ${serverLine(server)}`),
    `    ${schemaLine(findings)}`,
    ...(ledger === undefined ? [] : ledgerLines(ledger).map((line) => `    ${line}`)),
  ];
}

/** Whether a server does what it was set up for; a standby that takes no writes (read-only) is a good one. */
function isGood({ role, state }: ServerReport): boolean {
  return goodStates.has(state) || (role === 'standby' && state === 'refusing');
}

function serverLine(server: ServerReport): string {
  const { server: address, role, state, lagMs, pool } = server;
  const lag = role === 'replica' ? `, ${lagMs === null ? 'lag unknown' : `${Math.round(lagMs)} ms behind`}` : '';
  const use = state === 'refusing' ? 'takes no writes' : state;
  const line = `${role} ${address}: ${use}${lag}, pool ${pool.inUse} in use, ${pool.idle} idle, at most ${pool.max}`;
  return isGood(server) ? line : yellow(line);
}

function schemaLine({ pendingStatements: count }: Findings): string {
  if (count === 0) return 'migrations: none pending';
  return yellow(`migrations: ${count} ${count === 1 ? 'statement' : 'statements'} pending; midgard migrate runs them, with --dry-run it shows them`);
}

function ledgerLines({ accounts, entries, violations }: LedgerReport): readonly string[] {
  const looked = `ledger: ${entries} entries in ${accounts} accounts`;
  if (violations.length === 0) return [`${looked}: every balance is the sum of its entries, and all entries sum to zero`];
  return [red(`${looked}: ${violations.length} violations`), ...violations.map(({ rule, subject, message }) => red(`  ✗ ${rule}: ${subject}: ${message}`))];
}
