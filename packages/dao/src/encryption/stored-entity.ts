import { Column } from '../column.ts';
import { type ColumnMap, type Entity, encryptedSuffixes } from '../entity.ts';
import { exactEntity } from '../sharding/resharding/exact-entity.ts';
import { hashLength } from './search-hash.ts';
import { maxPlainBytes } from './plain-bytes.ts';
import { sealedOverheadBytes } from './sealed-value.ts';

const known = new WeakMap<Entity, Entity>();
const rawEntities = new WeakMap<Entity, Entity>();

/** @returns name of the column with the keyed hash of a searchable one: no property of an entity is called so */
export function hashColumn(name: string): string {
  return `${name}.hash`;
}

/**
 * @returns the entity as a database knows it: an encrypted column is one of bytes, with one for the hash behind it where it is searchable.
 *   So dialects and migrations know nothing of encryption. An entity without encrypted columns is returned as it is
 */
export function storedEntity(entity: Entity): Entity {
  if (entity.encrypted.length === 0) return entity;
  let stored = known.get(entity);
  if (stored === undefined) {
    stored = makeStored(entity);
    known.set(entity, stored);
  }
  return stored;
}

/** @returns the stored entity as one whose version and times are columns like others: what is encrypted anew is no newer row */
export function rawEntity(entity: Entity): Entity {
  let raw = rawEntities.get(entity);
  if (raw === undefined) {
    raw = exactEntity(storedEntity(entity));
    rawEntities.set(entity, raw);
  }
  return raw;
}

function makeStored(entity: Entity): Entity {
  const columns: Record<string, Column> = {};
  const physicalNames: Record<string, string> = { ...entity.physicalNames };
  for (const [name, column] of Object.entries(entity.columns)) {
    columns[name] = storedColumn(column);
    if (column.traits.secrecy !== 'searchable') continue;
    columns[hashColumn(name)] = new Column('text', { maxLength: hashLength, isNullable: column.traits.isNullable });
    physicalNames[hashColumn(name)] = `${(entity.physicalNames[name] ?? '').slice(0, -encryptedSuffixes.value.length)}${encryptedSuffixes.hash}`;
  }
  const indexed = (name: string): string => (isSearchable(entity.columns, name) ? hashColumn(name) : name);
  const indexes = entity.indexes.map(({ on, unique }) => ({ on: on.map(indexed), unique }));
  return { ...entity, columns, physicalNames, indexes, encrypted: [] };
}

function storedColumn(column: Column): Column {
  const { secrecy, isNullable } = column.traits;
  return secrecy === 'plain' ? column : new Column('bytes', { isNullable, maxLength: maxPlainBytes(column) + sealedOverheadBytes });
}

function isSearchable(columns: ColumnMap, name: string): boolean {
  return columns[name]?.traits.secrecy === 'searchable';
}
