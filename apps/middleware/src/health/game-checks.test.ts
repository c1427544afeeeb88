import { tmpdir } from 'node:os';
import { defineGame, standardEntities, standardOperations } from '@midgard/game-kit';
import { createLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { expect, test } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { ServiceHealth } from './service-health.ts';

test('what a game looks after itself is told of by name, without what the fault says, and takes nobody out of traffic', async () => {
  const handler = defineGame({
    manifest: { id: 'shop', number: 7, version: '1.0.0', title: 'Shop' },
    entities: standardEntities,
    operations: standardOperations(),
    health: {
      payment: () => Promise.reject(new Error('https://pay.example/?token=hunter2 refused')),
      mail: () => 'degraded',
      shelves: () => undefined,
    },
  });
  const lines: string[] = [];
  using health = new ServiceHealth({
    config: configSchema.parse({ dataDir: tmpdir() }),
    databases: new Map(),
    coherence: { state: 'alone' },
    warmUp: { isReady: true },
    runtimes: [{ handler, writeBehindFigures: () => undefined }],
    registry: new Registry(),
    log: createLogger({ name: 'test', destination: { write: (line) => lines.push(line) } }),
  });
  health.monitor.enter('serving');
  const { components } = await health.monitor.detailed();
  const ofGame = components.filter(({ kind }) => kind === 'game').map(({ name, status }) => [name, status]);
  expect(ofGame).toEqual([
    ['shop:mail', 'degraded'],
    ['shop:payment', 'down'],
    ['shop:shelves', 'up'],
  ]);
  expect((await health.monitor.ready()).isReady).toBe(true);
  expect(lines.join('') + JSON.stringify(components)).not.toContain('hunter2');
});
