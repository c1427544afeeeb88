/** Conformance suite of the library: what every dialect promises. */
export { daoConformance, type OpenForTest } from './conformance.ts';
export { temporaryDatabase } from './temporary-database.ts';
