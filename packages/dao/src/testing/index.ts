/** Conformance suite of the library: what every dialect promises. */
export { daoConformance } from './conformance.ts';
export { type OpenForTest } from './sample.ts';
export { temporaryDatabase } from './temporary-database.ts';
