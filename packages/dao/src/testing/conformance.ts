import { describe } from 'vitest';
import { bulkCases } from './bulk-cases.ts';
import { hostileCases } from './hostile-cases.ts';
import { queryCases } from './query-cases.ts';
import type { OpenForTest } from './sample.ts';
import { transactionCases } from './transaction-cases.ts';
import { valueCases } from './value-cases.ts';
import { writeCases } from './write-cases.ts';

/**
 * Holds a dialect against what the library promises. Call it at the top of a vitest file.
 *
 * @param name of the dialect, for the report
 * @param open gives an empty database with the options; each case opens one and closes it
 */
export function daoConformance(name: string, open: OpenForTest): void {
  describe(`${name} keeps the promises of a dao dialect`, () => {
    describe('values', () => valueCases(open));
    describe('writes', () => writeCases(open));
    describe('bulk writes', () => bulkCases(open));
    describe('queries', () => queryCases(open));
    describe('transactions', () => transactionCases(open));
    describe('hostile input', () => hostileCases(open));
  });
}
