import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { mysqlForTests } from '@midgard/test-services';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { ServiceProcess, type StartedService } from '../testing/service-process.ts';

const timeout = 60_000;
const mysql = await mysqlForTests();
const missing = 'missing' in mysql ? `: ${mysql.missing}` : '';
afterAll(() => ('url' in mysql ? mysql.remove() : undefined));

/** The values of all series of a metric whose labels are these, whatever others there are. */
async function values({ baseUrl, key }: StartedService, name: string, labels: Readonly<Record<string, string>>): Promise<readonly number[]> {
  const text = await (await fetch(`${baseUrl}/metrics`, { headers: { 'x-api-key': key } })).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const series = text.split('\n').filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)));
  return series.map((line) => Number(line.slice(line.lastIndexOf(' '))));
}

describe.skipIf(missing !== '')(`the service on MySQL or MariaDB${missing}`, { timeout }, () => {
  const slowMs = 150;

  async function started(): Promise<{ readonly service: ServiceProcess; readonly address: StartedService; readonly url: string }> {
    const url = 'url' in mysql ? await mysql.freshDatabase() : '';
    const own = 'url' in mysql ? await mysql.freshDatabase() : '';
    const service = new ServiceProcess({
      MIDGARD_DATABASES_REALM_URL: url,
      MIDGARD_DATABASES_REALM_SLOW_QUERY_MS: String(slowMs),
      MIDGARD_DATABASES_REALM_POOL_MAX: '3',
      MIDGARD_DATABASES_MIDGARD_URL: own,
      MIDGARD_DATABASES_MIDGARD_POOL_MAX: '2',
    });
    onTestFinished(() => service[Symbol.asyncDispose]());
    return { service, address: await service.start(), url };
  }

  test('shows its pool, waits, statements and breaker in the metrics', async () => {
    const { address } = await started();
    await using client = await connect({ port: address.tcpPort, auth: { kind: 'apiKey', key: address.key } });
    const game = client.game(realm);
    const players = await Promise.all(Array.from({ length: 20 }, (_, at) => game.call('player.create', { name: `Player ${at}` })));
    await Promise.all(players.map(({ id }) => game.call('player.get', { id })));
    const primary = { game: 'realm', role: 'primary' };
    const connections = await values(address, 'midgard_database_connections', primary);
    expect(connections.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
    expect(await values(address, 'midgard_database_connections_max', primary)).toEqual([3]);
    expect(await values(address, 'midgard_database_waiting', primary)).toEqual([0]);
    expect(await values(address, 'midgard_database_serving', primary)).toEqual([1]);
    expect(await values(address, 'midgard_database_breaker', { ...primary, state: 'closed' })).toEqual([1]);
    expect(await values(address, 'midgard_database_breaker', { ...primary, state: 'open' })).toEqual([0]);
    const [waits = 0] = await values(address, 'midgard_database_wait_seconds_count', primary);
    expect(waits).toBeGreaterThanOrEqual(20);
    const [connects = 0] = await values(address, 'midgard_database_connects_total', primary);
    expect(connects).toBeGreaterThanOrEqual(1);
    expect(await values(address, 'midgard_database_statement_seconds_count', { game: 'realm', entity: 'player', kind: 'insert' })).toEqual([20]);
    const [transactions = 0] = await values(address, 'midgard_database_transactions_total', { game: 'realm' });
    expect(transactions).toBeGreaterThanOrEqual(20);
    // The service's own database has settings as any other, and the key that was made at the start is in it.
    expect(await values(address, 'midgard_database_connections_max', { game: 'service', role: 'primary' })).toEqual([2]);
    expect(await values(address, 'midgard_database_statement_seconds_count', { game: 'service', entity: 'api_key', kind: 'insert' })).toEqual([1]);
  });

  test('logs a slow statement with its text, and no value of it; and no quick one', async () => {
    const { service, address, url } = await started();
    await using client = await connect({ port: address.tcpPort, auth: { kind: 'apiKey', key: address.key } });
    const game = client.game(realm);
    const { id: playerId } = await game.call('player.create', { name: 'Astrid' });
    const credit = (reason: string, key: string) =>
      game.call('wallet.credit', { playerId, currency: 'gold', amount: 4_242_424_242, reason, idempotencyKey: key });
    await credit('quick', 'first-credit');
    const other = await createConnection(url);
    onTestFinished(() => other.destroy());
    await other.query('begin');
    await other.query('select * from wallet for update');
    const waiting = credit('hunter-of-values', 'second-credit');
    const isWaiting = async (): Promise<boolean> => {
      const [rows] = await other.query<RowDataPacket[]>("select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'");
      return rows.length > 0;
    };
    // The server shows what it knew before to whoever asks again within 100 ms.
    await expect.poll(isWaiting, { timeout: 10_000, interval: 150 }).toBe(true);
    await sleep(slowMs * 2);
    await other.query('commit');
    await waiting;
    const [counted = 0] = await values(address, 'midgard_database_slow_statements_total', { game: 'realm' });
    const logged = () => service.logs.filter(({ msg }) => msg === 'slow statement');
    await expect.poll(() => logged().length).toBe(counted);
    const slow = logged();
    expect(slow).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        game: 'realm',
        entity: expect.stringContaining('wallet'),
        statement: expect.stringContaining('?'),
        rows: expect.any(Number),
        poolWaitMs: expect.any(Number),
      }),
    );
    for (const { durationMs } of slow) expect(durationMs).toBeGreaterThan(slowMs);
    for (const value of ['4242424242', 'gold', 'hunter-of-values', 'second-credit', playerId]) expect(JSON.stringify(slow)).not.toContain(value);
  });
});
