import { DaoError } from '../errors.ts';
import { HashRing, type RingShard } from './hash-ring.ts';

/** One shard as the configuration gives it. */
export interface ShardDefinition {
  /** Lower-case letters, digits and dashes, at most 40; it decides which keys the shard has, so it never changes. */
  readonly id: string;
  /** As for `openDatabase`. */
  readonly url: string;
  /** How much of the keys it has, against the others: 1 to 100 (default 1). */
  readonly weight?: number;
}

/** The shards of one game, as the configuration gives them. */
export interface ShardMap {
  /** Rises by each change of the shards, from 1. */
  readonly version: number;
  readonly shards: readonly ShardDefinition[];
  /** Points of a shard of weight 1 on the ring, 1 to 4096 (default 256); it never changes. */
  readonly virtualNodes?: number;
}

/** What decides where a key lies; recorded on every shard, so without URLs. */
export interface MapDefinition {
  readonly version: number;
  readonly virtualNodes: number;
  /** By id. */
  readonly shards: readonly RingShard[];
}

const maxShards = 1024;
const defaultVirtualNodes = 256;

/**
 * Checks a shard map that comes from outside.
 *
 * @throws {DaoError} `ERR_DAO_SHARD` with what is wrong
 */
export function parseShardMap(value: unknown): ShardMap {
  if (!isRecord(value)) throw wrong('it must be an object');
  const { version, shards, virtualNodes = defaultVirtualNodes } = value;
  if (!Array.isArray(shards) || shards.length === 0 || shards.length > maxShards) throw wrong(`shards must be a list of 1 to ${maxShards}`);
  const parsed = shards.map((shard: unknown, index) => parseShard(shard, index));
  const ids = parsed.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw wrong(`two shards have the id ${twice}`);
  if (new Set(parsed.map(({ url }) => url)).size < parsed.length) throw wrong('two shards have the same url');
  return { version: integer('version', version, 1, 2_147_483_647), virtualNodes: integer('virtualNodes', virtualNodes, 1, 4096), shards: parsed };
}

function parseShard(value: unknown, index: number): ShardDefinition {
  if (!isRecord(value)) throw wrong(`shards[${index}] must be an object`);
  const { id, url, weight = 1 } = value;
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,40}$/.test(id)) throw wrong(`shards[${index}].id must be 1 to 40 lower-case letters, digits and dashes`);
  // The URL may hold a password: it is never repeated.
  if (typeof url !== 'string' || url === '') throw wrong(`shards[${index}].url must be a text`);
  return { id, url, weight: integer(`shards[${index}].weight`, weight, 1, 100) };
}

function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw wrong(`${name} must be an integer from ${min} to ${max}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(what: string): DaoError {
  return new DaoError('ERR_DAO_SHARD', `shard map: ${what}`);
}

/** @returns what of a map decides where keys lie */
export function definitionOf({ version, shards, virtualNodes = defaultVirtualNodes }: ShardMap): MapDefinition {
  const ringShards = shards.map(({ id, weight = 1 }) => ({ id, weight })).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { version, virtualNodes, shards: ringShards };
}

/** @returns the ring of a map */
export function ringOf({ shards, virtualNodes }: MapDefinition): HashRing {
  return new HashRing(shards, virtualNodes);
}

/** @throws {DaoError} `ERR_DAO_SHARD`: what was recorded is no map */
export function parseDefinition(value: unknown): MapDefinition {
  const shards = isRecord(value) && Array.isArray(value['shards']) ? value['shards'] : [];
  const named = shards.map((shard: unknown) => (isRecord(shard) ? { ...shard, url: String(shard['id']) } : shard));
  return definitionOf(parseShardMap(isRecord(value) ? { ...value, shards: named } : value));
}

/** @returns whether two maps put every key on the same shard */
export function isSameMap(a: MapDefinition, b: MapDefinition): boolean {
  return JSON.stringify([a.version, a.virtualNodes, a.shards.map(ringShardText)]) === JSON.stringify([b.version, b.virtualNodes, b.shards.map(ringShardText)]);
}

function ringShardText({ id, weight }: RingShard): string {
  return `${id} ${weight}`;
}

/**
 * @returns the id of the one shard that `to` has more than `from`
 * @throws {DaoError} `ERR_DAO_SHARD`: anything else differs
 */
export function addedShard(from: MapDefinition, to: MapDefinition): string {
  if (from.virtualNodes !== to.virtualNodes) throw wrong('virtualNodes must not change');
  const before = new Map(from.shards.map(({ id, weight }) => [id, weight]));
  const added = to.shards.filter(({ id }) => !before.has(id));
  const kept = to.shards.filter(({ id, weight }) => before.get(id) === weight);
  if (kept.length < before.size) throw wrong('a shard of the version before is gone or has another weight');
  const [only, ...others] = added;
  if (only === undefined || others.length > 0) throw wrong('a new version adds one shard');
  return only.id;
}
