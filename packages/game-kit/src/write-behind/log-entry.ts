import { checkNewRow, type Column, type Entity } from '@midgard/dao';
import type { JsonValue } from '@midgard/errors';
import { z } from 'zod';
import { GameKitError } from '../game-kit-error.ts';
import type { ChangedRow, DeferredChange } from './deferred-change.ts';

/** An acknowledged write that is still to be made. */
export interface DeferredWrite {
  readonly operation: string;
  /** Idempotency key and the hash of the input that came with it, where there was one. */
  readonly keyed: { readonly key: string; readonly inputHash: string } | undefined;
  /** What the caller was told, and is told again under the same key. */
  readonly output: JsonValue;
  /** Row that the outbox gets; its id was made with the write, so that a replay makes no second one. */
  readonly event: { readonly id: bigint; readonly name: string } | undefined;
  /** Epoch milliseconds of the acknowledgement. */
  readonly acceptedAt: number;
  readonly changes: readonly DeferredChange[];
}

const Entry = z.object({
  v: z.literal(1),
  operation: z.string(),
  keyed: z.object({ key: z.string(), inputHash: z.string() }).optional(),
  // What JSON.parse gave is JSON; a schema for it would drop a member named __proto__.
  output: z.custom<JsonValue>((value) => value !== undefined),
  event: z.object({ id: z.string(), name: z.string() }).optional(),
  acceptedAt: z.number(),
  changes: z.array(
    z.object({
      kind: z.enum(['insert', 'add', 'save']),
      entity: z.string(),
      row: z.record(z.string(), z.unknown()),
      columns: z.array(z.string()).optional(),
      version: z.number().optional(),
    }),
  ),
});

/** A write as the durable log keeps it: JSON, readable by people and by a later version of the game. */
export function encodeEntry(write: DeferredWrite): Buffer {
  const { event, changes, ...rest } = write;
  const entry = {
    v: 1,
    ...rest,
    ...(event === undefined ? {} : { event: { ...event, id: String(event.id) } }),
    changes: changes.map(({ entity, row, ...change }) => ({ ...change, entity: entity.name, row: toJson(entity, row) })),
  };
  return Buffer.from(JSON.stringify(entry));
}

/**
 * Reads a write back.
 *
 * @param entities those of the game, by name
 * @throws what does not fit the game as it is now: another kind of entry, an entity or column that is gone, a value out of range
 */
export function decodeEntry(bytes: Uint8Array, entities: ReadonlyMap<string, Entity>): DeferredWrite {
  const { event, keyed, changes, operation, output, acceptedAt } = Entry.parse(JSON.parse(Buffer.from(bytes).toString()));
  return {
    operation,
    output,
    acceptedAt,
    keyed,
    event: event === undefined ? undefined : { id: BigInt(event.id), name: event.name },
    changes: changes.map(({ kind, entity: name, row: raw, columns = [], version = 0 }) => {
      const entity = entities.get(name);
      if (entity === undefined) throw new GameKitError('ERR_GAME_STATE', `the game has no entity "${name}" any more`);
      const row = fromJson(entity, raw);
      checkNewRow(entity, row);
      if (kind === 'add') return { kind, entity, row, columns };
      return kind === 'save' ? { kind, entity, row, version } : { kind, entity, row };
    }),
  };
}

function toJson(entity: Entity, row: ChangedRow): Record<string, unknown> {
  return mapRow(row, (name, value) => (value === null ? null : (codecs[entity.columns[name]?.kind ?? 'text'] ?? plain).write(value)));
}

function fromJson(entity: Entity, raw: ChangedRow): Record<string, unknown> {
  return mapRow(raw, (name, value) => (value === null ? null : (codecs[entity.columns[name]?.kind ?? 'text'] ?? plain).read(value)));
}

function mapRow(row: ChangedRow, convert: (name: string, value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === undefined ? undefined : convert(name, value)]));
}

interface ValueCodec {
  write(value: unknown): unknown;
  read(value: unknown): unknown;
}

const plain: ValueCodec = { write: (value) => value, read: (value) => value };
const integer: ValueCodec = { write: String, read: (value) => BigInt(String(value)) };

/** JSON has no 64-bit integers, times and bytes. */
const codecs: Readonly<Partial<Record<Column['kind'], ValueCodec>>> = {
  id: integer,
  int64: integer,
  timestamp: { write: (value) => (value instanceof Date ? value.getTime() : value), read: (value) => new Date(Number(value)) },
  bytes: {
    write: (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value),
    read: (value) => Uint8Array.from(Buffer.from(String(value), 'base64')),
  },
};
