import { describe } from 'vitest';
import { administrationCases } from './administration-cases.ts';
import { bulkCases } from './bulk-cases.ts';
import { concurrencyCases } from './concurrency-cases.ts';
import { encryptionCases } from './encryption-cases.ts';
import { hostileCases } from './hostile-cases.ts';
import { injectionCases } from './injection-cases.ts';
import { limitCases } from './limit-cases.ts';
import { lostConnectionCases } from './lost-connection-cases.ts';
import { modelCases } from './model-cases.ts';
import { queryCases } from './query-cases.ts';
import type { OpenForTest } from './sample.ts';
import { seeingCases } from './seeing-cases.ts';
import { type OtherProcesses, timeZoneCases } from './time-zone-cases.ts';
import { transactionCases } from './transaction-cases.ts';
import { valueCases } from './value-cases.ts';
import { writeCases } from './write-cases.ts';

/** What a dialect's test gives beside the databases; without it the cases that need it are not run. */
export interface ConformanceOptions {
  /** How other processes open a database, for cases in several time zones. */
  readonly otherProcesses?: OtherProcesses;
  /** Ends all connections to the database that was opened last, on the server's side; not for a dialect without a server. */
  readonly loseConnections?: () => Promise<void>;
  /** Promises that the dialect does not keep, each with its reason, which stands in the report. */
  readonly allows?: {
    /** Two serializable transactions that read the same rows and change different ones may both go by what the other one changed. */
    readonly writeSkew?: string;
  };
}

/** A case that takes longer hangs; shorter would fail cases on a machine that is busy with others. */
const hangMs = 60_000;

/**
 * Holds a dialect against what the library promises. Call it at the top of a vitest file.
 *
 * @param name of the dialect, for the report
 * @param open gives an empty database with the options; each case opens one and closes it
 */
export function daoConformance(name: string, open: OpenForTest, { otherProcesses, loseConnections, allows = {} }: ConformanceOptions = {}): void {
  describe(`${name} keeps the promises of a dao dialect`, { timeout: hangMs }, () => {
    describe('administration', () => administrationCases(open));
    describe('values', () => valueCases(open));
    describe('limits', () => limitCases(open));
    describe('writes', () => writeCases(open));
    describe('bulk writes', () => bulkCases(open));
    describe('queries', () => queryCases(open));
    describe('transactions', () => transactionCases(open));
    describe('model', () => modelCases(open));
    describe('concurrent transactions', () => concurrencyCases(open, allows.writeSkew));
    if (loseConnections !== undefined) describe('lost connections', () => lostConnectionCases(open, loseConnections));
    if (otherProcesses !== undefined) describe('time zones', () => timeZoneCases(otherProcesses));
    describe('encrypted columns', () => encryptionCases(open));
    describe('seeing it', () => seeingCases(open));
    describe('hostile input', () => hostileCases(open));
    describe('injection', () => injectionCases(open));
  });
}
