import type Oracle from 'oracledb';
import driver from '../driver.ts';
import { findOracleDouble } from '../bridge-program.ts';

/** What stands behind the name of a group of tests that cannot run; empty when they can. */
export const missing: string = findOracleDouble() === undefined ? ': java, javac or h2.jar is missing' : '';

/** @returns a connection to a database of the double */
export function connect(url: string, options: Partial<Oracle.ConnectionAttributes> = {}): Promise<Oracle.Connection> {
  const { username, password, host, pathname } = new URL(url);
  return driver.getConnection({ user: username, password, connectString: host + pathname, ...options });
}
