import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DaoError } from '../errors.ts';
import type { Ddl } from './ddl.ts';
import type { PresentTable } from './diff.ts';
import { lastPartition } from './partition-years.ts';
import { parseShape } from './shape-json.ts';
import type { TableShape } from './shape.ts';

/** Tables as the last file leaves them, by name: what the next file is compared with. */
export type Snapshot = Readonly<Record<string, TableShape>>;

const snapshotFile = 'schema.json';

/** @returns what is kept in the folder, empty before the first file. @throws {DaoError} `ERR_DAO_SCHEMA`: it cannot be understood */
export async function readSnapshot(folder: string): Promise<Snapshot> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path.join(folder, snapshotFile), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) throw new TypeError('not an object');
    return Object.fromEntries(Object.entries(parsed).map(([table, shape]) => [table, parseShape(shape)]));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new DaoError('ERR_DAO_SCHEMA', `${snapshotFile} of the migrations cannot be read`, { cause: error });
  }
}

/** Writes it all or not at all. */
export async function writeSnapshot(folder: string, snapshot: Snapshot): Promise<void> {
  const target = path.join(folder, snapshotFile);
  await writeFile(`${target}.new`, `${JSON.stringify(snapshot, null, 2)}\n`);
  await rename(`${target}.new`, target);
}

/** @returns the table as a database would show it that has applied all files */
export function presentOf(ddl: Ddl, shape: TableShape): PresentTable {
  return {
    columns: Object.fromEntries(
      Object.entries(shape.columns).map(([name, definition]) => [name, { type: ddl.columnType(definition), isRequired: !definition.isNullable }]),
    ),
    key: shape.key,
    indexes: Object.keys(shape.indexes),
    partitions: shape.partitionBy === undefined ? [] : [lastPartition],
  };
}
