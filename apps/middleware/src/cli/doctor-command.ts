import process from 'node:process';
import type { LedgerReport } from '@midgard/game-kit';
import { createLogger } from '@midgard/logging';
import { readSettings } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { databaseTrouble } from '../database/database-trouble.ts';
import { runtimeOf } from '../games.ts';
import { resolveSecrets } from '../secrets.ts';
import { type Examination, examine } from './doctor/examine.ts';
import { examineRedis, linesOfRedis, type RedisReport } from './doctor/examine-redis.ts';
import { type CertificateReport, examineCertificates, lineOfCertificate } from './doctor/examine-certificates.ts';
import { type DoctorReport, isWell, linesOf } from './doctor/show.ts';
import { type ListedDatabase, listedDatabases } from './listed-databases.ts';

/** A database does not answer. */
const DEAD = 1;
/** Every database answers, and something is to be done, or Redis does not, or a certificate is to be renewed. */
const FOUND = 3;

/** Time for each database to answer all questions but the ledger's. */
const deadlineMs = 5000;

/** Looks at every database of the service, at the Redis of its cache and at the certificates of its front ends, and with `--ledger` at every balance in them; changes no table. */
export async function doctorCommand({ ledger = false, json = false }: { ledger?: boolean; json?: boolean }): Promise<void> {
  const { config, isProduction, warnings } = readSettings();
  const secrets = resolveSecrets(config, isProduction);
  const databases = await listedDatabases(config, secrets);
  const reports = await Promise.all(
    databases.map(async (listed): Promise<DoctorReport> => {
      const examination = await examine(listed, deadlineMs);
      return ledger ? withLedger(examination, listed, config) : { ...examination, ledger: undefined };
    }),
  );
  const redis = await examineRedis(config.cache);
  const certificates = examineCertificates(config, Date.now());
  const lines = [
    ...warnings.map((warning) => `! ${warning}`),
    ...reports.flatMap(linesOf),
    ...(redis === undefined ? [] : linesOfRedis(redis)),
    ...certificates.map(lineOfCertificate),
  ];
  process.exitCode = exitCodeOf(reports, redis, certificates);
  const report = { isWell: process.exitCode === 0, warnings, databases: reports, redis, certificates };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${lines.join('\n')}\n`);
}

function exitCodeOf(reports: readonly DoctorReport[], redis: RedisReport | undefined, certificates: readonly CertificateReport[]): number {
  if (reports.some(({ findings }) => findings === undefined)) return DEAD;
  const areCertificatesWell = certificates.every(({ troubles }) => troubles.length === 0);
  return reports.every(isWell) && redis?.answersInMs !== null && areCertificatesWell ? 0 : FOUND;
}

/** Balances are looked at where there are tables for them. */
async function withLedger(examination: Examination, listed: ListedDatabase, config: Config): Promise<DoctorReport> {
  if (listed.handler === undefined || examination.findings?.pendingStatements !== 0) return { ...examination, ledger: undefined };
  try {
    return { ...examination, ledger: await ledgerOf(listed, listed.handler, config) };
  } catch (error) {
    return { ...examination, findings: undefined, trouble: databaseTrouble(error), ledger: undefined };
  }
}

async function ledgerOf(listed: ListedDatabase, handler: NonNullable<ListedDatabase['handler']>, config: Config): Promise<LedgerReport> {
  await using database = await listed.open();
  const log = createLogger({ name: 'midgard', level: 'error' });
  return await runtimeOf({ handler, database }, { config, log }).ledgerReport();
}
