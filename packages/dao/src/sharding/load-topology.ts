import type { Database, Session } from '../database.ts';
import { DaoError } from '../errors.ts';
import { type Fence, insertFence, mapRecord, readFence, recordMap, shardRecords } from './records.ts';
import { type MapDefinition, addedShard, isSameMap, parseDefinition } from './shard-map.ts';
import { Topology } from './topology.ts';

/** What the shards say. */
interface Records {
  readonly fences: ReadonlyMap<string, Fence>;
  readonly maps: ReadonlyMap<number, MapDefinition>;
}

/** A read that no replica answers: another process may have written just now. */
export async function readPrimary<T>(database: Database, work: (session: Session) => Promise<T>): Promise<T> {
  return database.transaction(work, { isolation: 'repeatableRead' });
}

/**
 * Finds out which shard owns what: what the shards say counts, and the configured map may be at most one shard ahead of it.
 * Shards that say nothing yet, all of them, are given the configured map.
 *
 * @param shards of the configured map, by id
 * @throws {DaoError} `ERR_DAO_SHARD`: map and shards do not fit together
 */
export async function loadTopology(configured: MapDefinition, shards: ReadonlyMap<string, Database>): Promise<Topology> {
  let records = await readRecords(shards);
  if (!records.maps.has(configured.version) && records.fences.size < shards.size && !hasOlder(records, configured)) {
    if (records.maps.size > 0) throw mismatch('the databases record other maps, and none before this one');
    await initialise(configured, shards);
    records = await readRecords(shards);
  }
  return topologyOf(configured, records);
}

/** Creates the tables of the library's own records. */
export async function prepareShard(database: Database): Promise<void> {
  await database.migrate(shardRecords);
}

async function readRecords(shards: ReadonlyMap<string, Database>): Promise<Records> {
  const fences = new Map<string, Fence>();
  const maps = new Map<number, MapDefinition>();
  const answers = await Promise.all(
    [...shards].map(async ([id, database]) => {
      const answer = await readPrimary(database, async (session) => ({ fence: await readFence(session), maps: await session.dao(mapRecord).find() }));
      return { id, ...answer };
    }),
  );
  for (const { id, fence, maps: recorded } of answers) {
    if (fence !== undefined && fence.shardId !== id) throw mismatch(`the database of ${id} says that it is ${fence.shardId}`);
    if (fence !== undefined) fences.set(id, fence);
    for (const { definition } of recorded) addMap(maps, parseDefinition(definition));
  }
  return { fences, maps };
}

function addMap(maps: Map<number, MapDefinition>, map: MapDefinition): void {
  const known = maps.get(map.version);
  if (known !== undefined && !isSameMap(known, map)) throw mismatch(`the shards disagree about version ${map.version}`);
  maps.set(map.version, map);
}

function hasOlder({ fences }: Records, configured: MapDefinition): boolean {
  return [...fences.values()].some(({ mapVersion }) => mapVersion < configured.version);
}

/** First what each shard says of itself, then the map on each: a recorded map means that every one of its shards has been there. */
async function initialise(configured: MapDefinition, shards: ReadonlyMap<string, Database>): Promise<void> {
  const steps: readonly ((session: Session, id: string) => Promise<void>)[] = [
    async (session, id) => {
      if ((await readFence(session)) === undefined) await insertFence(session, id, configured.version);
    },
    (session) => recordMap(session, configured),
  ];
  for (const step of steps) {
    await Promise.all([...shards].map(([id, database]) => database.transaction((session) => step(session, id)).catch(ignoreDuplicate)));
  }
}

/** Another process that starts at once was quicker. */
function ignoreDuplicate(error: unknown): void {
  if (!(error instanceof DaoError && error.code === 'ERR_DAO_DUPLICATE')) throw error;
}

function topologyOf(configured: MapDefinition, { fences, maps }: Records): Topology {
  const newest = Math.max(...[...fences.values()].map(({ nextVersion }) => nextVersion), ...maps.keys());
  if (newest > configured.version) throw mismatch(`the shards are at version ${newest}, and this process was given version ${configured.version}`);
  const recorded = maps.get(configured.version);
  if (recorded !== undefined && !isSameMap(recorded, configured)) throw mismatch(`version ${configured.version} was another map: a change needs a new version`);
  const older = [...fences.values()].filter(({ mapVersion }) => mapVersion < configured.version);
  if (older.length === 0) {
    requireFences(configured, fences);
    return new Topology({ current: configured, previous: mapBefore(maps, configured), next: undefined, fences });
  }
  const previous = maps.get(Math.min(...older.map(({ mapVersion }) => mapVersion)));
  if (previous === undefined) throw mismatch('the map before this one is recorded nowhere');
  if (older.some(({ mapVersion }) => mapVersion !== previous.version)) throw mismatch('the version before is not done moving');
  requireFences(previous, fences);
  requireTarget(previous, configured, fences);
  return new Topology({ current: previous, previous: mapBefore(maps, previous), next: configured, fences });
}

/** Until the move begins, the added shard says nothing; no key is looked for there before one of the others says so. */
function requireTarget(previous: MapDefinition, configured: MapDefinition, fences: ReadonlyMap<string, Fence>): void {
  const target = fences.get(addedShard(previous, configured));
  if (target !== undefined && target.mapVersion !== configured.version) throw mismatch(`the added shard ${target.shardId} belongs to another map`);
}

function mapBefore(maps: ReadonlyMap<number, MapDefinition>, { version }: MapDefinition): MapDefinition | undefined {
  const versions = [...maps.keys()].filter((recorded) => recorded < version);
  return maps.get(Math.max(...versions));
}

function requireFences({ shards }: MapDefinition, fences: ReadonlyMap<string, Fence>): void {
  for (const { id } of shards) {
    // An empty database in the place of a full one would look as if all rows were gone.
    if (!fences.has(id)) throw mismatch(`the database of ${id} holds no record of its map: is it the right one?`);
  }
}

function mismatch(what: string): DaoError {
  return new DaoError('ERR_DAO_SHARD', `shard map: ${what}`);
}
