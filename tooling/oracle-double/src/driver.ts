/**
 * Stands in for the npm driver `oracledb` in thin mode: the real driver's own code, with a session of the bridge behind each connection.
 */
import type Oracle from 'oracledb';
import { DoubleConnection } from './connection.ts';
import { internals } from './internals.ts';
import { DoubleLob } from './lob.ts';
import { DoubleResultSet } from './result-set.ts';

Object.assign(internals.impl, { ConnectionImpl: DoubleConnection, ResultSetImpl: DoubleResultSet, LobImpl: DoubleLob });
Object.assign(internals.oracledb, { createPool });

/** The double, with the surface of the real driver. */
const driver: typeof Oracle = internals.oracledb;
export default driver;

/** A pool of the real driver would make connections of its own kind; nothing of ours uses one. */
async function createPool(): Promise<never> {
  throw new Error('the double has no pools: use getConnection');
}
