import type { Clock } from '../clock.ts';
import type { Entity } from '../entity.ts';
import { DaoError } from '../errors.ts';
import { type AppliedFile, type ApplyOptions, applyMigrations } from './apply.ts';
import { type Step, render } from './ddl.ts';
import { diffTable } from './diff.ts';
import { type Recorded, openHistory, readHistory, remember, unfinished } from './history.ts';
import { type PartitionOptions, maintainPartitions } from './partitions.ts';
import type { Schema, SchemaAccess } from './schema.ts';
import { definitionOf, fingerprintOf } from './shape.ts';
import { stepError } from './step-error.ts';

/** What brings one entity's table to its definition. */
interface EntityPlan {
  readonly entity: Entity;
  readonly steps: readonly Step[];
  readonly recorded: Recorded | undefined;
}

/**
 * Brings tables to their entities, in any database. It compares with the tables as they are, not as a record says they are,
 * so it goes on where a crash ended it, and an instance that waited for another finds nothing to do.
 */
export class Migrator {
  readonly #access: SchemaAccess;
  readonly #clock: Clock;

  constructor(access: SchemaAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /** @returns the statements that `migrate` would run. @throws {DaoError} `ERR_DAO_SCHEMA` */
  plan(entities: readonly Entity[]): Promise<readonly string[]> {
    return this.#access.look(async (schema) => {
      const plans = await planAll(schema, entities);
      return plans.flatMap(({ steps }) => steps.map((step) => render(schema.ddl, step)));
    });
  }

  /**
   * @returns the statements that were run
   * @throws {DaoError} `ERR_DAO_SCHEMA`, and `ERR_DAO_UNAVAILABLE` where the lock is not to be had
   */
  migrate(entities: readonly Entity[]): Promise<readonly string[]> {
    return this.#access.alone(async (schema) => {
      const plans = await planAll(schema, entities);
      await openHistory(schema);
      const run: string[] = [];
      for (const plan of plans) run.push(...(await this.#migrateOne(schema, plan)));
      return run;
    });
  }

  /** See {@link applyMigrations}. */
  applyFiles(folder: string, options: ApplyOptions = {}): Promise<readonly AppliedFile[]> {
    return applyMigrations(this.#access, folder, { clock: this.#clock, ...options });
  }

  /** See {@link maintainPartitions}. */
  maintainPartitions(entities: readonly Entity[], options: PartitionOptions = {}): Promise<readonly string[]> {
    return maintainPartitions(this.#access, entities, { ...options, nowMs: this.#clock.now() });
  }

  async #migrateOne(schema: Schema, { entity, steps, recorded }: EntityPlan): Promise<readonly string[]> {
    const isRecorded = recorded?.fingerprint === fingerprintOf(entity);
    if (isRecorded && steps.length === 0) return [];
    const statements = steps.map((step) => render(schema.ddl, step));
    const columns = definitionOf(entity);
    const appliedAtMs = this.#clock.now();
    const finished = { entity: entity.name, fingerprint: fingerprintOf(entity), columns, appliedAtMs };
    for (const [index, statement] of statements.entries()) {
      await runStep(schema, entity, statement);
      // Until the last step the columns are those before the migration: the rest of it is judged by them.
      if (!schema.ddl.isTransactional && index < statements.length - 1)
        await remember(schema, { ...finished, fingerprint: unfinished, columns: recorded?.columns ?? columns, statements: [statement] });
    }
    await remember(schema, { ...finished, statements: schema.ddl.isTransactional ? statements : statements.slice(-1) });
    return statements;
  }
}

async function planAll(schema: Schema, entities: readonly Entity[]): Promise<readonly EntityPlan[]> {
  if (new Set(entities.map(({ table }) => table)).size !== entities.length) throw new DaoError('ERR_DAO_SCHEMA', 'two entities have the same table');
  const history = await readHistory(schema);
  const plans: EntityPlan[] = [];
  for (const entity of entities) {
    const recorded = history.get(entity.name);
    const steps = diffTable(schema.ddl, entity, await schema.present(entity.table), recorded?.columns ?? {});
    plans.push({ entity, steps, recorded });
  }
  return plans;
}

async function runStep(schema: Schema, entity: Entity, statement: string): Promise<void> {
  try {
    await schema.change(statement);
  } catch (error) {
    const message = `${entity.name}: the rows that are there do not allow the change (a unique index over equal values?)`;
    throw stepError(schema, error, { message, entity: entity.name });
  }
}
