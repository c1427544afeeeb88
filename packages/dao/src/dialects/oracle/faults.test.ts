import { expect, test } from 'vitest';
import { DaoError } from '../../errors.ts';
import { openDatabase } from '../../database.ts';
import { type Endpoint, closed, ending, foreign, refusing, resetting, silent, silentAfterAccept } from './test/endpoints.ts';

// The real driver runs here, against sockets that fail: nothing of this needs an Oracle.

const password = 'geheim/17';
const urlOf = (...ports: readonly number[]): string => `oracle://mid:${encodeURIComponent(password)}@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/S`;
/** Short, so that a silent endpoint does not hold up the tests; none of them may take a second thought about what it gets. */
const pool = { acquireTimeoutMs: 400, connectTimeoutMs: 300 };

/** Everything that an error says, its causes included. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message}\n${error.stack ?? ''}\n${JSON.stringify(error)}\n${error.cause === undefined ? '' : textOf(error.cause)}`;
}

const endpoints: readonly (readonly [title: string, make: () => Promise<Endpoint>])[] = [
  ['nobody listens', closed],
  ['the listener says nothing', silent],
  ['the server says nothing once it has taken the connection', silentAfterAccept],
  ['the listener knows no such service', refusing],
  ['connections are reset', resetting],
  ['connections are ended', ending],
  ['something else listens', foreign],
];

test.each(endpoints)(
  'where %s, a read, a transaction and a ping are told that the database is unavailable, and no secret',
  { timeout: 20_000 },
  async (_title, make) => {
    await using endpoint = await make();
    await using database = await openDatabase(urlOf(endpoint.port), { pool });
    for (const work of [() => database.read((session) => session.changes), () => database.transaction((session) => session.changes), () => database.ping()]) {
      const error: unknown = await work().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DaoError);
      expect(error).toMatchObject({ code: 'ERR_DAO_UNAVAILABLE', message: expect.stringContaining('127.0.0.1') });
      for (const secret of [password, encodeURIComponent(password)]) expect(textOf(error)).not.toContain(secret);
    }
  },
);

test.each([
  ['the listener', silent],
  ['the server, once it has taken the connection,', silentAfterAccept],
])('where %s says nothing, connections that were given up are ended and not kept', { timeout: 20_000 }, async (_title, make) => {
  await using endpoint = await make();
  {
    await using database = await openDatabase(urlOf(endpoint.port), { pool });
    await expect(database.read(() => 1)).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
    await expect.poll(() => endpoint.seen()).toBeGreaterThan(0);
  }
  await expect.poll(() => endpoint.open.size).toBe(0);
});

test('of several hosts the next one is asked where the first is closed', { timeout: 20_000 }, async () => {
  await using first = await closed();
  await using second = await refusing();
  // Both answer at once: nobody waits for this, and a busy machine may.
  await using database = await openDatabase(urlOf(first.port, second.port), { pool: { acquireTimeoutMs: 15_000, connectTimeoutMs: 10_000 } });
  await expect(database.read(() => 1)).rejects.toMatchObject({ code: 'ERR_DAO_UNAVAILABLE' });
  expect(second.seen()).toBeGreaterThan(0);
});

test('an open database closes though its server never answered', { timeout: 20_000 }, async () => {
  await using endpoint = await silent();
  const database = await openDatabase(urlOf(endpoint.port), { pool });
  const waiting = database.read(() => 1).catch((reason: unknown) => reason);
  await database.close();
  expect(await waiting).toBeInstanceOf(DaoError);
});
