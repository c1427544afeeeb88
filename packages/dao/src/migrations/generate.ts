import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mysqlDdl } from '../dialects/mysql/schema.ts';
import { oracleDdl } from '../dialects/oracle/schema.ts';
import { sqliteDdl } from '../dialects/sqlite/schema.ts';
import type { Entity } from '../entity.ts';
import { type Ddl, type DdlDialect, type Step, render } from './ddl.ts';
import { diffTable } from './diff.ts';
import { checksumOf, migrationFileName, readMigrations, requireMigrationName } from './migration-files.ts';
import { shapeOf } from './shape.ts';
import { type Snapshot, presentOf, readSnapshot, writeSnapshot } from './snapshot.ts';
import { losesData } from './sql-text.ts';

const ddls: Readonly<Record<DdlDialect, Ddl>> = { sqlite: sqliteDdl, mariadb: mysqlDdl('mariadb'), mysql: mysqlDdl('mysql'), oracle: oracleDdl };

/** What {@link generateMigration} takes. */
export interface GenerateOptions {
  /** All entities of the database. The tables of others stay as they are. */
  readonly entities: readonly Entity[];
  readonly dialect: DdlDialect;
  /** Holds a folder for each dialect. */
  readonly folder: string;
  /** Small letters, digits and underscores: `add_note`. */
  readonly name: string;
}

/**
 * Writes what the entities changed since the last file, as the next file to be reviewed, and its way back; nothing where nothing changed.
 *
 * It compares with `schema.json` beside the files, not with a database. Whoever writes a migration by hand that changes tables writes
 * them into `schema.json`, too.
 *
 * @returns paths of the files that were written
 * @throws {DaoError} `ERR_DAO_SCHEMA`: a difference that would lose data or needs a decision; `ERR_DAO_INPUT`: the name
 * @example
 * ```ts
 * import { defineEntity, generateMigration, id, text } from '@midgard/dao';
 * const guild = defineEntity('guild', { columns: { id: id(), name: text(64) }, key: ['id'] });
 * await generateMigration({ entities: [guild], dialect: 'mysql', folder: 'migrations', name: 'guilds' });
 * ```
 */
export async function generateMigration({ entities, dialect, folder, name }: GenerateOptions): Promise<readonly string[]> {
  requireMigrationName(name);
  const ddl = ddls[dialect];
  const target = path.join(folder, dialect);
  const before = await readSnapshot(target);
  const after: Snapshot = { ...before, ...Object.fromEntries(entities.map((entity) => [entity.table, shapeOf(entity)])) };
  const steps = entities.flatMap((entity) => stepsOf(ddl, entity, before));
  const version = ((await readMigrations(target)).at(-1)?.version ?? 0) + 1;
  await mkdir(target, { recursive: true });
  const origin = checksumOf(JSON.stringify(after));
  const files =
    steps.length === 0
      ? []
      : [
          { file: migrationFileName('V', version, name), statements: steps.map((step) => render(ddl, step)) },
          { file: migrationFileName('U', version, name), statements: steps.toReversed().map((step) => render(ddl, inverse(step, before))) },
        ];
  for (const { file, statements } of files) await writeFile(path.join(target, file), fileText(statements, origin), { flag: 'wx' });
  await writeSnapshot(target, after);
  return files.map(({ file }) => path.join(target, file));
}

function stepsOf(ddl: Ddl, entity: Entity, before: Snapshot): readonly Step[] {
  const shape = before[entity.table];
  return diffTable(ddl, entity, shape === undefined ? undefined : presentOf(ddl, shape), shape?.columns ?? {});
}

const opposites = {
  createTable: 'dropTable',
  dropTable: 'createTable',
  addColumn: 'dropColumn',
  dropColumn: 'addColumn',
  changeColumn: 'changeColumn',
  createIndex: 'dropIndex',
  dropIndex: 'createIndex',
} as const satisfies Record<Step['kind'], Step['kind']>;

/** @returns the step back; where there was something before, to what it was */
function inverse({ kind, shape, name }: Step, before: Snapshot): Step {
  return { kind: opposites[kind], shape: before[shape.table] ?? shape, name };
}

function fileText(statements: readonly string[], origin: string): string {
  const lines = statements.map((statement) => `${losesData(statement) ? '-- Loses what is in it:\n' : ''}${statement};\n`);
  return `-- Generated from the entities ${origin}\n-- One statement after the other, each ended by a semicolon; a file that was applied must not change.\n\n${lines.join('\n')}`;
}
