import { expect, test } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { settingsOfWorker } from './seat.ts';
import { takenUp } from './taken-up.ts';
import { workerCount } from './worker-count.ts';

const parse = (config: object) => configSchema.parse(config);

test('a worker that is started after a reload has what the others took up, and nothing that waits for a restart', () => {
  const running = parse({ shutdownGraceMs: 1000, games: { realm: {} }, auth: { issuer: 'before' } });
  const fresh = parse({
    shutdownGraceMs: 2000,
    games: { realm: { enabled: false, roles: { support: ['player:read'] } }, other: {} },
    auth: { issuer: 'after', roles: { support: ['*:read'] } },
    log: { level: 'debug', files: { dir: 'logs' } },
  });
  expect(takenUp(running, fresh)).toEqual({
    ...running,
    games: { realm: { ...running.games['realm'], roles: { support: ['player:read'] } } },
    auth: { ...running.auth, roles: { support: ['*:read'] } },
    log: { ...running.log, level: 'debug' },
  });
});

test('what is sent to a worker is the configuration again when it arrives', () => {
  const config = parse({
    workers: 'auto',
    databases: { realm: { url: 'mysql://u:p@h/d', replicas: [{ url: 'mysql://u:p@r/d' }] } },
    limits: { roles: { a: { perSecond: 1, burst: 1 } } },
  });
  expect(configSchema.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
});

test('each worker has a number of its own, and its part of the connections', () => {
  const config = parse({ instance: 7, server: { tcp: { maxConnections: 10_001, maxConnectionsPerAddress: 3 } } });
  const [first, second] = [0, 1].map((number) => settingsOfWorker({ config, isProduction: true, warnings: [] }, { number, workers: 2 }).config);
  expect([first?.instance, second?.instance]).toEqual([7, 8]);
  expect(first?.server.tcp).toMatchObject({ maxConnections: 5001, maxConnectionsPerAddress: 2 });
  expect(first?.server.http).toMatchObject({ maxConnections: 10_000 });
});

test('one worker needs no further instance number, several need one more than they are', () => {
  expect(workerCount({ workers: 1, instance: 1023 })).toBe(1);
  expect(workerCount({ workers: 3, instance: 1020 })).toBe(3);
  expect(() => workerCount({ workers: 3, instance: 1021 })).toThrow(expect.objectContaining({ code: 'ERR_SETUP_WORKER' }));
  expect(workerCount({ workers: 'auto', instance: 0 })).toBeGreaterThanOrEqual(1);
});
