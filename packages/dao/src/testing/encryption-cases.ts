import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import type { StatementEvent } from '../database.ts';
import type { DaoError } from '../errors.ts';
import { plainDao } from '../sharding/plain-dao.ts';
import { contact, contactRow, diary, encryptedSamples, letter, onEncrypted, tamper } from './encrypted-sample.ts';
import { type OpenForTest, onFresh } from './sample.ts';

const refused = (column: string): unknown => expect.objectContaining({ code: 'ERR_DAO_DECRYPT', entity: 'contact', columns: [column] });

/** Encrypted columns: what they keep, what can be asked of them, and that a value decrypts in its place alone. */
export function encryptionCases(open: OpenForTest): void {
  test('a value of every kind reads back from what is encrypted, from each way to write and read it', () =>
    onEncrypted(open, async (database) => {
      const first = contactRow(1n, { phone: -7n, note: 'ein Grüßchen 🂡', bornAt: new Date(12_345), blob: new Uint8Array(3000).fill(255) });
      const read = { ...first, twin: null, amount: '12.5000', version: 1, createdAt: expect.any(Date), updatedAt: expect.any(Date) };
      await database.transaction(async (session) => {
        const dao = session.dao(contact);
        expect(await dao.insert(first)).toEqual(read);
        expect(await dao.get(1n)).toEqual(read);
        expect(await dao.get(1n, { forUpdate: true })).toEqual(read);
        expect(await dao.update(1n, { note: null, age: 42, email: 'new@example.org' })).toEqual({
          ...read,
          note: null,
          age: 42,
          email: 'new@example.org',
          version: 2,
        });
        expect(await dao.upsert(first)).toEqual({ ...read, version: 3 });
        expect(await dao.increment(1n, { visits: 3 })).toEqual({ ...read, visits: 3, version: 4 });
        await dao.insertMany([contactRow(2n), contactRow(3n, { data: null, note: '' })]);
        await dao.addMany([contactRow(2n, { visits: 5 }), contactRow(4n)], ['visits']);
        expect(await dao.saveNewer([{ row: contactRow(4n, { note: 'newer' }), version: 9 }])).toMatchObject([{ note: 'newer', version: 9 }]);
      });
      const all = await database.read((session) => session.dao(contact).find());
      expect(all).toMatchObject([
        { id: 1n, visits: 3 },
        { id: 2n, visits: 5 },
        { id: 3n, data: null, note: '', bornAt: null },
        { id: 4n, note: 'newer' },
      ]);
      expect(await database.read((session) => session.dao(contact).getMany([4n, 1n]))).toEqual([all[3], all[0]]);
      const { items, nextCursor } = await database.read((session) => session.dao(contact).page({ limit: 3 }));
      expect(items).toEqual(all.slice(0, 3));
      expect(await database.read((session) => session.dao(contact).page({ cursor: nextCursor }))).toEqual({ items: all.slice(3), nextCursor: null });
    }));

  test('a value as long as allowed fits, also in characters of several bytes', () =>
    onEncrypted(open, async (database) => {
      const note = 'ü'.repeat(2000);
      const row = contactRow(1n, { note, twin: 'x'.repeat(4000), email: '€'.repeat(64), data: { text: 'y'.repeat(100_000) } });
      await database.transaction((session) => session.dao(contact).insert(row));
      expect(await database.read((session) => session.dao(contact).find({ where: { email: '€'.repeat(64) } }))).toMatchObject([
        { note, data: { text: 'y'.repeat(100_000) } },
      ]);
    }));

  test('a searchable column is found by equality, in a list and by null, counted, and kept unique', () =>
    onEncrypted(open, async (database) => {
      await database.transaction((session) => session.dao(contact).insertMany([1n, 2n, 3n].map((id) => contactRow(id, { phone: id === 3n ? null : id }))));
      const ids = (where: object): Promise<bigint[]> => database.read(async (session) => (await session.dao(contact).find({ where })).map(({ id }) => id));
      expect(await ids({ email: 'player-2@example.org' })).toEqual([2n]);
      expect(await ids({ email: { eq: 'PLAYER-2@example.org' } })).toEqual([]);
      expect(await ids({ email: { in: ['player-3@example.org', 'player-1@example.org', 'nobody'] } })).toEqual([1n, 3n]);
      expect(await ids({ area: 'north', phone: 2n })).toEqual([2n]);
      expect(await ids({ phone: { ne: 2n } })).toEqual([1n]);
      expect(await ids({ phone: null })).toEqual([3n]);
      expect(await ids({ phone: { ne: null } })).toEqual([1n, 2n]);
      expect(await database.read((session) => session.dao(contact).count({ email: 'player-1@example.org' }))).toBe(1);
      const again = database.transaction((session) => session.dao(contact).insert(contactRow(4n, { email: 'player-1@example.org' })));
      await expect(again).rejects.toMatchObject({ code: 'ERR_DAO_DUPLICATE', columns: ['email'] });
      await database.transaction((session) => session.dao(contact).update(1n, { email: 'moved@example.org' }));
      expect(await ids({ email: 'player-1@example.org' })).toEqual([]);
      expect(await ids({ email: 'moved@example.org' })).toEqual([1n]);
    }));

  test.each([
    ['compares what is not searchable', { where: { note: 'x' } }],
    ['compares a searchable one by more than equality', { where: { email: { startsWith: 'p' } } }],
    ['compares a searchable number by its size', { where: { phone: { gt: 1n } } }],
    ['sorts by an encrypted column', { orderBy: 'note' }],
    ['sorts by a searchable one', { orderBy: 'email' }],
  ])('a query that %s is refused', (_title, query) =>
    onEncrypted(open, async (database) => {
      await expect(database.read((session) => plainDao(session, contact).find(query))).rejects.toMatchObject({ code: 'ERR_DAO_INPUT' });
    }),
  );

  test('neither the rows as they are stored, nor statements that are listened to, nor errors hold a value', async () => {
    const events: StatementEvent[] = [];
    await onEncrypted(
      open,
      async (database) => {
        const row = contactRow(1n, { note: 'plaintext of a note' });
        await database.transaction((session) => session.dao(contact).insert(row));
        await database.read((session) => session.dao(contact).find({ where: { email: row.email } }));
        const errors: unknown[] = [];
        const failed = (error: DaoError): unknown => errors.push(error.message, error.stack, error.columns, String(error.cause), JSON.stringify(error.cause));
        await database.transaction((session) => session.dao(contact).insert(contactRow(2n, { email: row.email }))).catch(failed);
        await database.transaction((session) => session.dao(contact).update(1n, { note: `${row.note ?? ''}\u0000` })).catch(failed);
        const stored = await database.read((session) => session.execute(sql`select * from contact`));
        const cells = stored
          .flatMap((cellsOf) => Object.values(cellsOf))
          .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell)));
        expect(errors).toHaveLength(10);
        const seen = [...cells, ...errors.map(String), ...events.map((event) => JSON.stringify(event))].join('\n');
        expect(seen).toMatch(/_idx/i);
        expect(seen).not.toMatch(/plaintext|player-1|12\.5/);
      },
      { listener: { statement: (event) => events.push(event) } },
    );
  });

  test('ciphertext moved between rows is refused, and the value stays readable where it belongs', () =>
    onEncrypted(open, async (database) => {
      await database.transaction((session) => session.dao(contact).insertMany([contactRow(1n, { note: 'of one' }), contactRow(2n, { note: 'of two' })]));
      await tamper(database, contact, async (dao) => dao.update({ id: 2n }, { note: (await dao.get({ id: 1n }))?.['note'] }));
      await expect(database.read((session) => session.dao(contact).get(2n))).rejects.toEqual(refused('note'));
      await expect(database.read((session) => session.dao(contact).find())).rejects.toEqual(refused('note'));
      expect(await database.read((session) => session.dao(contact).get(1n))).toMatchObject({ note: 'of one' });
    }));

  test('ciphertext moved between columns of a row is refused', () =>
    onEncrypted(open, async (database) => {
      await database.transaction((session) => session.dao(contact).insert(contactRow(1n, { note: 'a note' })));
      await tamper(database, contact, async (dao) => dao.update({ id: 1n }, { twin: (await dao.get({ id: 1n }))?.['note'] }));
      await expect(database.read((session) => session.dao(contact).get(1n))).rejects.toEqual(refused('twin'));
    }));

  test('ciphertext moved between tables whose rows have the same key is refused', () =>
    onEncrypted(open, async (database) => {
      await database.transaction(async (session) => {
        await session.dao(contact).insert(contactRow(1n, { note: 'a note' }));
        await session.dao(diary).insert({ id: 1n, note: 'an entry' });
      });
      const note = await tamper(database, contact, async (dao) => (await dao.get({ id: 1n }))?.['note']);
      await tamper(database, diary, (dao) => dao.update({ id: 1n }, { note }));
      await expect(database.read((session) => session.dao(diary).get(1n))).rejects.toMatchObject({
        code: 'ERR_DAO_DECRYPT',
        entity: 'diary',
        columns: ['note'],
      });
    }));

  test('ciphertext moved between rows of a key of two columns is refused', () =>
    onEncrypted(open, async (database) => {
      const rows = [
        { box: 1n, name: '1', email: 'x', note: 'a' },
        { box: 11n, name: '', email: 'x', note: 'b' },
      ];
      await database.transaction((session) => session.dao(letter).insertMany(rows));
      await tamper(database, letter, async (dao) => dao.update({ box: 1n, name: '1' }, { note: (await dao.get({ box: 11n, name: '' }))?.['note'] }));
      const moved = database.read((session) => session.dao(letter).get({ box: 1n, name: '1' }));
      await expect(moved).rejects.toMatchObject({ code: 'ERR_DAO_DECRYPT', entity: 'letter', columns: ['note'] });
    }));

  test('the hash of another row does not make a row be found in its place', () =>
    onEncrypted(open, async (database) => {
      await database.transaction((session) => session.dao(contact).insertMany([contactRow(1n, { phone: 1n }), contactRow(2n, { phone: 2n })]));
      await tamper(database, contact, async (dao) => dao.update({ id: 2n }, { 'phone.hash': (await dao.get({ id: 1n }))?.['phone.hash'] }));
      await expect(database.read((session) => session.dao(contact).find({ where: { phone: 1n } }))).rejects.toEqual(refused('phone'));
    }));

  test('equal values have different ciphertexts, and different hashes in another table', () =>
    onEncrypted(open, async (database) => {
      await database.transaction(async (session) => {
        await session.dao(contact).insertMany([contactRow(1n, { note: 'same' }), contactRow(2n, { note: 'same' })]);
        await session.dao(letter).insert({ box: 1n, name: 'a', email: 'player-1@example.org' });
      });
      const [one, two] = await tamper(database, contact, (dao) => dao.find());
      const [other] = await tamper(database, letter, (dao) => dao.find());
      expect(one?.['note']).not.toEqual(two?.['note']);
      expect(one?.['email.hash']).toMatch(/^[\w-]{22}$/);
      expect(one?.['email.hash']).not.toBe(other?.['email.hash']);
    }));

  test('all values are encrypted anew with a new key while writers go on, and rows do not become newer by it', () =>
    onEncrypted(open, async (database) => {
      const ids = Array.from({ length: 60 }, (_, at) => BigInt(at));
      await database.transaction((session) => session.dao(contact).insertMany(ids.map((id) => contactRow(id))));
      let written = 0;
      const over = new AbortController();
      const writer = async (): Promise<void> => {
        for (; !over.signal.aborted; written += 1) {
          const id = ids[written % 30] ?? 0n;
          await database.transaction((session) => session.dao(contact).update(id, { note: `written ${written}` }));
        }
      };
      const writing = writer();
      const report = await database.encryption?.rotate(encryptedSamples, { batchRows: 7 });
      over.abort();
      await writing;
      expect(report).toMatchObject({ keys: [2], unreadable: 0 });
      const rows = await database.read((session) => session.dao(contact).find());
      const lastOf = new Map(Array.from({ length: written }, (_, at) => [ids[at % 30], `written ${at}`]));
      expect(rows.map(({ id, note }) => [id, note])).toEqual(ids.map((id) => [id, lastOf.get(id) ?? null]));
      expect(rows.slice(30).map(({ version }) => version)).toEqual(ids.slice(30).map(() => 1));
      const status = await database.encryption?.status(encryptedSamples);
      expect(new Set(status?.values.map(({ key }) => key))).toEqual(new Set([2]));
      expect(status?.values.find(({ column }) => column === 'email')).toMatchObject({ entity: 'contact', values: 60 });
      expect(status?.keys.map(({ id, isCurrent, isRotating }) => [id, isCurrent, isRotating])).toEqual([
        [1, false, false],
        [2, true, false],
      ]);
    }));

  test('without a key-encryption key an entity with encrypted columns is refused, when tables are made and when it is used', () =>
    onFresh(open, async (database) => {
      const missing = { code: 'ERR_DAO_KEY', entity: 'contact' };
      await expect(database.migrate(encryptedSamples)).rejects.toMatchObject(missing);
      await expect(database.plan(encryptedSamples)).rejects.toMatchObject(missing);
      await expect(database.read((session) => session.dao(contact).get(1n))).rejects.toMatchObject(missing);
    }));
}
