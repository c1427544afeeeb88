/** Conformance suite of the library: what every dialect promises. */
export { daoConformance } from './conformance.ts';
export { type OpenForTest } from './sample.ts';
export { temporaryDatabase } from './temporary-database.ts';
export { findMariaDb, type MariaDbPrograms } from './mariadb/installation.ts';
export { type MariaDbPair, type MariaDbPairOptions, startMariaDbPair } from './mariadb/mariadb-pair.ts';
export { MariaDbServer, type MariaDbSettings, startMariaDb } from './mariadb/mariadb-server.ts';
export { mysqlForTests, type MysqlForTests, type TestMysql } from './mariadb/mysql-for-tests.ts';
export { type PairedMariaDb } from './mariadb/paired-server.ts';
