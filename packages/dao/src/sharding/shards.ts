import { CursorSigner } from '../cursor.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../database.ts';
import { DaoError } from '../errors.ts';
import { loadTopology, prepareShard } from './load-topology.ts';
import { type MapDefinition, type ShardMap, definitionOf, parseShardMap } from './shard-map.ts';
import type { Topology } from './topology.ts';

/** Opens the database of one shard; {@link openDatabase} unless told otherwise. */
export type OpenShard = (url: string, options: DatabaseOptions) => Promise<Database>;

/** The open databases of a shard map, and which of them owns what as far as this process knows. */
export class Shards {
  /** Signs the cursors of all shards: a place in a list is the same for each. */
  readonly cursors: CursorSigner;
  readonly #open: OpenShard;
  readonly #options: DatabaseOptions;
  readonly #databases = new Map<string, Database>();
  #configured: MapDefinition;
  #topology: Topology | undefined;
  #refreshing: Promise<Topology> | undefined;

  /** @param options for each shard; all get the same secret */
  constructor(map: ShardMap, options: DatabaseOptions & { readonly cursorSecret: Uint8Array }, open: OpenShard = openDatabase) {
    this.#configured = definitionOf(parseShardMap(map));
    this.#options = options;
    this.#open = open;
    this.cursors = new CursorSigner(options.cursorSecret);
  }

  get topology(): Topology {
    if (this.#topology === undefined) throw new DaoError('ERR_DAO_CLOSED', 'the shards are not open');
    return this.#topology;
  }

  /** All of them, those that own nothing yet included. */
  get databases(): readonly Database[] {
    return [...this.#databases.values()];
  }

  /** @returns the open databases with their ids */
  entries(): readonly (readonly [id: string, database: Database])[] {
    return [...this.#databases];
  }

  database(id: string): Database {
    const database = this.#databases.get(id);
    if (database === undefined) throw new DaoError('ERR_DAO_SHARD', `no database for the shard ${id}: give this process the newest map`);
    return database;
  }

  /**
   * Opens what a map names and is not open yet, and finds out who owns what.
   *
   * @throws {DaoError} `ERR_DAO_SHARD`: the map does not fit to the shards; then nothing has changed
   */
  async adopt(map: ShardMap): Promise<void> {
    const next = parseShardMap(map);
    const opened: [string, Database][] = [];
    try {
      for (const { id, url } of next.shards) {
        if (this.#databases.has(id)) continue;
        const database = await this.#open(url, this.#options);
        opened.push([id, database]);
        await prepareShard(database);
      }
      const definition = definitionOf(next);
      const all = new Map([...this.#databases, ...opened]);
      const named = new Map([...all].filter(([id]) => definition.shards.some((shard) => shard.id === id)));
      this.#topology = await loadTopology(definition, named);
      this.#configured = definition;
      for (const [id, database] of opened) this.#databases.set(id, database);
    } catch (error) {
      await Promise.all(opened.map(([, database]) => database.close()));
      throw error;
    }
  }

  /** Asks the shards anew who owns what, once for all who ask at the same time. @param stale the topology that was found wrong */
  async refresh(stale?: Topology): Promise<Topology> {
    if (stale !== undefined && stale !== this.#topology) return this.topology;
    this.#refreshing ??= this.#reload();
    return this.#refreshing;
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled(this.databases.map((database) => database.close()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #reload(): Promise<Topology> {
    try {
      const configured = this.#configured;
      const topology = await loadTopology(configured, this.#databases);
      if (configured === this.#configured) this.#topology = topology;
      return this.topology;
    } finally {
      this.#refreshing = undefined;
    }
  }
}
