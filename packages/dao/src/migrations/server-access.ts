import { DaoError } from '../errors.ts';
import type { ServerConnection } from '../server/connection.ts';
import type { Catalogue } from './catalogue.ts';
import type { Schema, SchemaAccess } from './schema.ts';

/** What {@link ServerAccess} needs. */
export interface ServerAccessParts {
  readonly catalogue: Catalogue;
  /** Opens a connection to the server that writes; it is closed after use. */
  readonly connect: () => Promise<ServerConnection>;
  readonly toDaoError: (error: unknown) => DaoError;
  /** How often to ask for the lock, for about a second each (600). */
  readonly maxLockTries?: number;
}

/**
 * Migrations of a database server. They have connections of their own, since they may take longer than any request, and since the lock
 * is to fall with the connection.
 */
export class ServerAccess implements SchemaAccess {
  readonly #parts: ServerAccessParts;

  constructor(parts: ServerAccessParts) {
    this.#parts = parts;
  }

  look<T>(work: (schema: Schema) => Promise<T>): Promise<T> {
    return this.#connected(async (connection) => work(await this.#schema(connection)));
  }

  alone<T>(work: (schema: Schema) => Promise<T>): Promise<T> {
    return this.#connected(async (connection) => {
      if (!this.#parts.catalogue.locksByTransaction) return this.#locked(connection, async () => work(await this.#schema(connection)));
      return this.#connected((holder) => this.#locked(holder, async () => work(await this.#schema(connection, holder))));
    });
  }

  async #locked<T>(holder: ServerConnection, work: () => Promise<T>): Promise<T> {
    const { catalogue, maxLockTries = 600 } = this.#parts;
    let tries = 1;
    while (!(await catalogue.tryLock(holder))) {
      tries += 1;
      if (tries > maxLockTries) throw new DaoError('ERR_DAO_UNAVAILABLE', 'another instance has been migrating for too long');
    }
    const result = await work();
    // After a failure the connection is destroyed, and the lock falls with it.
    await catalogue.unlock(holder);
    return result;
  }

  async #connected<T>(work: (connection: ServerConnection) => Promise<T>): Promise<T> {
    const { connect, toDaoError } = this.#parts;
    let connection: ServerConnection | undefined;
    try {
      connection = await connect();
      const result = await work(connection);
      await connection.close();
      return result;
    } catch (error) {
      connection?.destroy();
      throw error instanceof DaoError ? error : toDaoError(error);
    }
  }

  async #schema(connection: ServerConnection, holder = connection): Promise<Schema> {
    const { catalogue, toDaoError } = this.#parts;
    return {
      ddl: await catalogue.ddl(connection),
      present: (table) => catalogue.present(connection, table),
      records: (text, values) => connection.records(text, values),
      change: async (text, values) => {
        // Whoever lost the lock must not go on: another instance may have it.
        if (holder !== connection) await holder.ping();
        await change(connection, text, values);
      },
      toDaoError,
    };
  }
}

async function change(connection: ServerConnection, text: string, values: readonly unknown[] | undefined): Promise<void> {
  await connection.begin('readCommitted');
  try {
    await (values === undefined ? connection.command(text) : connection.records(text, values));
    await connection.commit();
  } catch (error) {
    await connection.rollback().catch(() => undefined);
    throw error;
  }
}
