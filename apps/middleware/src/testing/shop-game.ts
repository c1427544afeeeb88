import { readFileSync } from 'node:fs';
import process from 'node:process';
import { configDocument, defineGame, standardEntities, standardOperations } from '@midgard/game-kit';

/** A plugin whose public configuration is a file, so that a test changes it from one start of the service to the next. */
const file = process.env['SHOP_CONFIG'] ?? '';
const load = (name: string) => () => JSON.parse(readFileSync(file, 'utf8'))[name];

export default defineGame({
  manifest: { id: 'shop', number: 11, version: '1.0.0', title: 'Shop' },
  entities: standardEntities,
  operations: standardOperations(),
  publicConfig: {
    items: configDocument(load('items'), { sharedMaxAgeSeconds: 86_400 }),
    season: configDocument(load('season'), { sharedMaxAgeSeconds: 1, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 86_400 }),
  },
});
