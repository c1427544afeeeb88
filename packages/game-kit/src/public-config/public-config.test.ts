import { expect, test } from 'vitest';
import { defineGame } from '../define-game.ts';
import { read } from '../define-operation.ts';
import { standardEntities } from '../entities/index.ts';
import type { GameKitError } from '../game-kit-error.ts';
import { standardOperations } from '../operations/index.ts';
import { openGame } from '../testing/open-game.ts';
import { z } from 'zod';
import { configDocument, type ConfigDocument } from './config-document.ts';
import { PublicConfig, type PublishedDocument } from './public-config.ts';

const withCode = (code: GameKitError['code']): unknown => expect.objectContaining({ code });
const text = (document: PublishedDocument | undefined): string => new TextDecoder().decode(document?.bytes);

function gameWith(publicConfig: Readonly<Record<string, ConfigDocument>>) {
  const manifest = { id: 'test', number: 7, version: '1.0.0', title: 'Test' };
  return defineGame({ manifest, entities: standardEntities, operations: standardOperations(), publicConfig });
}

test('a started game has its documents, from values and from functions, in the order of their definition', async () => {
  await using game = await openGame(gameWith({ levels: configDocument([0, 100, 300]), items: configDocument(async () => ({ sword: { damage: 7 } })) }));
  const { publicConfig } = game.runtime;
  expect(publicConfig.documents.map(({ name }) => name)).toEqual(['levels', 'items']);
  expect([text(publicConfig.get('levels')), text(publicConfig.get('items'))]).toEqual(['[0,100,300]', '{"sword":{"damage":7}}']);
  expect(publicConfig.get('nothing')).toBeUndefined();
});

async function hashOf(value: string): Promise<string | undefined> {
  const config = new PublicConfig({ a: configDocument(value) });
  await config.load();
  return config.get('a')?.hash;
}

test('equal bytes have one hash, in every process; others have another', async () => {
  expect(await hashOf('x')).toBe('ui30kDosFOhtw7zKWJEbRK');
  expect(await hashOf('y')).not.toBe(await hashOf('x'));
});

test('a replaced document is told of, and one that is the same is not', async () => {
  const config = new PublicConfig({ items: configDocument({ sword: 1 }), levels: configDocument([]) });
  await config.load();
  const before = config.documents;
  const told: string[] = [];
  const end = config.subscribe((document) => told.push(text(document)));
  expect(config.replace('items', { sword: 1 })).toBe(false);
  expect(config.documents).toBe(before);
  expect(config.replace('items', { sword: 2 })).toBe(true);
  end();
  config.replace('items', { sword: 3 });
  expect(told).toEqual(['{"sword":2}']);
  expect(config.documents.map(text)).toEqual(['{"sword":3}', '[]']);
  // Whoever holds the older list goes on to see one moment.
  expect(before.map(text)).toEqual(['{"sword":1}', '[]']);
});

test('a game does not start with a document that cannot be loaded or is no JSON, and says which', async () => {
  const cyclic: Record<string, never> = {};
  Object.assign(cyclic, { self: cyclic });
  const broken = [() => Promise.reject(new Error('no file')), () => cyclic, () => JSON.parse('{}').nothing, () => Object.assign({}, { id: 1n })];
  for (const source of broken) {
    const starting = openGame(gameWith({ good: configDocument(1), season: configDocument(source) }));
    await expect(starting).rejects.toEqual(withCode('ERR_GAME_CONFIG'));
    await expect(starting).rejects.toThrow('"season"');
  }
});

test('only what was defined can be replaced', async () => {
  const config = new PublicConfig({ items: configDocument(1) });
  expect(() => config.replace('itmes', 2)).toThrow(withCode('ERR_GAME_CONFIG'));
});

test.for(['', 'Items', 'a b', '../x', '.hidden', 'ä', 'x'.repeat(65)])('"%s" is refused as the name of a document', (name) => {
  expect(() => gameWith({ [name]: configDocument(1) })).toThrow(withCode('ERR_GAME_CONFIG'));
});

test.for([-1, 0.5, Number.NaN, Infinity])('%d seconds are refused', (seconds) => {
  expect(() => configDocument(1, { maxAgeSeconds: seconds })).toThrow(withCode('ERR_GAME_CONFIG'));
});

test('an operation cannot stand where the configuration is served', () => {
  const clash = read({
    code: 100,
    name: 'config.get',
    permission: 'config:read',
    http: 'GET /config/:name',
    input: z.object({ name: z.string() }),
    output: z.object({}),
    owner: 'any',
    handle: () => ({}),
  });
  const definition = { manifest: { id: 'test', number: 7, version: '1', title: 'T' }, entities: [], operations: [clash] };
  expect(() => defineGame({ ...definition, publicConfig: { items: configDocument(1) } })).toThrow(withCode('ERR_GAME_CLASH'));
  expect(() => defineGame(definition)).not.toThrow();
});
