import { createdAt, defineEntity, id, int64, type Row, text as textColumn, version } from '@midgard/dao';
import { z } from 'zod';
import { defineGame } from '../../define-game.ts';
import { read, write, writeBehind } from '../../define-operation.ts';
import { standardEntities } from '../../entities/index.ts';
import { standardOperations } from '../../operations/index.ts';
import { AmountText, Id, IdText } from '../../wire/numbers.ts';
import { text } from '../../wire/text.ts';

/** Adds up. */
export const counter = defineEntity('counter', {
  columns: { playerId: id(), name: textColumn(32), value: int64(), version: version() },
  key: ['playerId', 'name'],
});
/** Grows. */
export const note = defineEntity('note', {
  columns: { id: id(), playerId: id(), text: textColumn(64), createdAt: createdAt() },
  key: ['id'],
  cacheBy: 'playerId',
  indexes: [{ on: ['playerId'] }, { on: ['text'], unique: true }],
});
/** Is replaced as a whole. */
export const place = defineEntity('place', { columns: { playerId: id(), x: int64(), area: textColumn(32), version: version() }, key: ['playerId'] });

const Delta = z.coerce.bigint();

const countUp = writeBehind({
  code: 100,
  name: 'counter.add',
  permission: 'player:update',
  http: 'POST /counters/:playerId/:name',
  input: z.object({ playerId: Id, name: text(1, 32), delta: Delta }),
  output: z.object({ name: z.string() }),
  owner: ({ playerId }) => playerId,
  idempotent: 'optional',
  event: null,
  changes: { counter: ({ playerId }) => playerId },
  defer: (deferral, { playerId, name, delta }) => {
    deferral.add(counter, { playerId, name, value: delta }, ['value']);
    return { name };
  },
});

const readCounters = read({
  code: 101,
  name: 'counter.get',
  permission: 'player:read',
  http: 'GET /counters/:playerId',
  input: z.object({ playerId: Id }),
  output: z.record(z.string(), AmountText),
  owner: 'any',
  cache: { entity: 'counter', key: ({ playerId }) => playerId },
  handle: async ({ session }, { playerId }) => {
    const rows = await session.dao(counter).find({ where: { playerId } });
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  },
});

const writeNote = writeBehind({
  code: 102,
  name: 'note.write',
  permission: 'player:update',
  http: 'POST /notes/:playerId',
  input: z.object({ playerId: Id, text: z.string() }),
  output: z.object({ id: IdText }),
  owner: ({ playerId }) => playerId,
  idempotent: 'required',
  changes: { note: ({ playerId }) => playerId },
  defer: (deferral, { playerId, text: written }) => {
    const noteId = deferral.ids.next();
    deferral.insert(note, { id: noteId, playerId, text: written });
    return { id: noteId };
  },
});

const listNotes = read({
  code: 103,
  name: 'note.list',
  permission: 'player:read',
  http: 'GET /notes/:playerId',
  input: z.object({ playerId: Id, after: text(1, 64).optional() }),
  output: z.array(z.string()),
  owner: 'any',
  reads: { note: ({ playerId }) => playerId },
  handle: async ({ session }, { playerId }) => (await session.dao(note).find({ where: { playerId } })).map((row) => row.text),
});

const move = writeBehind({
  code: 104,
  name: 'place.move',
  permission: 'player:update',
  http: 'POST /places/:playerId',
  input: z.object({ playerId: Id, x: Delta, version: z.int() }),
  output: z.object({ x: AmountText }),
  owner: 'none',
  idempotent: 'no',
  changes: { place: ({ playerId }) => playerId },
  defer: (deferral, { playerId, x, version: next }) => {
    deferral.save(place, { playerId, x, area: 'wood' }, next);
    return { x };
  },
});

const teleport = write({
  code: 105,
  name: 'place.teleport',
  permission: 'player:update',
  http: 'POST /places/:playerId/teleport',
  input: z.object({ playerId: Id, area: text(1, 32) }),
  output: z.object({ area: z.string(), version: z.int() }),
  owner: 'none',
  idempotent: 'optional',
  changes: { place: ({ playerId }) => playerId },
  handle: async ({ session }, { playerId, area }): Promise<Row<typeof place>> => session.dao(place).update(playerId, { area }),
});

const readPlace = read({
  code: 106,
  name: 'place.get',
  permission: 'player:read',
  http: 'GET /places/:playerId',
  input: z.object({ playerId: Id }),
  output: z.object({ x: AmountText, area: z.string(), version: z.int() }).nullable(),
  owner: 'any',
  cache: { entity: 'place', key: ({ playerId }) => playerId },
  handle: async ({ session }, { playerId }) => (await session.dao(place).get(playerId)) ?? null,
});

/** A game with a write-behind operation of each kind. */
export const deferringGame = defineGame({
  manifest: { id: 'deferring', number: 8, version: '1.0.0', title: 'Deferring' },
  entities: [...standardEntities, counter, note, place],
  operations: [...standardOperations(), countUp, readCounters, writeNote, listNotes, move, teleport, readPlace],
});
