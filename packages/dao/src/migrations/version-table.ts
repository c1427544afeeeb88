import type { Schema } from './schema.ts';
import type { ColumnDefinition, TableShape } from './shape.ts';

const column = (kind: ColumnDefinition['kind'], maxLength = 0): ColumnDefinition => ({ kind, isNullable: false, maxLength, precision: 0, scale: 0 });

/** Which files were applied, and how far. */
const versions: TableShape = {
  entity: 'midgard_schema_version',
  table: 'midgard_schema_version',
  columns: {
    version: column('int'),
    name: column('text', 100),
    checksum: column('text', 64),
    done: column('int'),
    total: column('int'),
    undone: column('int'),
    applied_at: column('int64'),
    applied_by: column('text', 128),
  },
  key: ['version'],
  indexes: {},
};

/** A file that was applied, or begun. */
export interface AppliedVersion {
  readonly version: number;
  readonly name: string;
  /** Of the file; of the statements that were run as long as some are missing. */
  readonly checksum: string;
  /** Statements that were run, of so many. */
  readonly done: number;
  readonly total: number;
  /** Statements of the way back that were run. */
  readonly undone: number;
}

/** Who applies, and when. */
export interface Signature {
  readonly by: string;
  readonly atMs: number;
}

/** @returns what was applied, in order; nothing where nobody ever did */
export async function readVersions(schema: Schema): Promise<readonly AppliedVersion[]> {
  if ((await schema.present(versions.table)) === undefined) return [];
  const { quote } = schema.ddl;
  const names = Object.keys(versions.columns).map((name) => quote(name));
  const rows = await schema.records(`select ${names.join(', ')} from ${quote(versions.table)} order by ${quote('version')}`, []);
  return rows.map((row) => ({
    version: Number(row['version']),
    name: String(row['name']),
    checksum: String(row['checksum']),
    done: Number(row['done']),
    total: Number(row['total']),
    undone: Number(row['undone']),
  }));
}

/** Makes the table if it is missing; under the lock. */
export async function openVersions(schema: Schema): Promise<void> {
  if ((await schema.present(versions.table)) === undefined) await schema.change(schema.ddl.createTable(versions));
}

/** Notes how far a version is, in place of what was noted of it before. */
export async function noteVersion(schema: Schema, applied: AppliedVersion, { by, atMs }: Signature): Promise<void> {
  const { quote, placeholder } = schema.ddl;
  const { version, name, checksum, done, total, undone } = applied;
  const values = [name, checksum, BigInt(done), BigInt(total), BigInt(undone), BigInt(atMs), by, BigInt(version)];
  const names = Object.keys(versions.columns).filter((column) => column !== 'version');
  const isThere = (await readVersions(schema)).some((row) => row.version === version);
  const assignments = names.map((column, index) => `${quote(column)} = ${placeholder(index + 1)}`);
  const places = values.map((_, index) => placeholder(index + 1));
  const text = isThere
    ? `update ${quote(versions.table)} set ${assignments.join(', ')} where ${quote('version')} = ${placeholder(values.length)}`
    : `insert into ${quote(versions.table)} (${[...names, 'version'].map((column) => quote(column)).join(', ')}) values (${places.join(', ')})`;
  await schema.change(text, values);
}

/** Forgets a version that was taken back. */
export async function forgetVersion(schema: Schema, version: number): Promise<void> {
  const { quote, placeholder } = schema.ddl;
  await schema.change(`delete from ${quote(versions.table)} where ${quote('version')} = ${placeholder(1)}`, [BigInt(version)]);
}
