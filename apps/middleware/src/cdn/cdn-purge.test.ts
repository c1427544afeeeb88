import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configDocument, type JsonValue, PublicConfig } from '@midgard/game-kit';
import { type Logger, noopLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import type { SpanPart } from '@midgard/server';
import { expect, onTestFinished, test } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { type PurgeReceiver, startPurgeReceiver } from '../testing/purge-receiver.ts';
import { openCdnPurge } from './cdn-purge.ts';

/** Polling goes on so long on a busy machine; no measure of speed. */
const slow = { timeout: 15_000 };

interface Life extends Disposable {
  readonly publicConfig: PublicConfig;
  readonly registry: Registry;
}

interface World {
  readonly cdn: PurgeReceiver;
  readonly file: string;
  readonly errors: string[];
  /** What is told of for traces. */
  readonly parts: SpanPart[];
  /** One life of the service with these documents. */
  readonly start: (documents: Readonly<Record<string, JsonValue>>, purge?: object) => Promise<Life>;
  /** Waits until the CDN was told of so many purges and the last of them is noted. */
  readonly noted: (purges: number, file: RegExp) => Promise<void>;
}

async function setUp(): Promise<World> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'midgard-cdn-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const cdn = await startPurgeReceiver();
  onTestFinished(() => cdn[Symbol.asyncDispose]());
  const errors: string[] = [];
  const parts: SpanPart[] = [];
  const log: Logger = { ...noopLogger, error: (_, message) => void errors.push(message) };
  const file = path.join(dataDir, 'cdn', 'served-3.json');
  const start = async (documents: Readonly<Record<string, JsonValue>>, purge: object = {}): Promise<Life> => {
    const config = configSchema.parse({ dataDir, instance: 3, cdn: { purge: { url: cdn.url, ...purge } } });
    const publicConfig = new PublicConfig(Object.fromEntries(Object.entries(documents).map(([name, value]) => [name, configDocument(value)])));
    await publicConfig.load();
    const registry = new Registry();
    const handler = {
      manifest: { id: 'shop', number: 11, version: '1', title: 'Shop' },
      contract: 1,
      entities: [],
      operations: [],
      hooks: { before: {}, after: {} },
      extendContext: () => ({}),
    };
    const purging = openCdnPurge({ config, runtimes: [{ handler, publicConfig }], registry, log, note: (part) => void parts.push(part) });
    purging?.start();
    return { publicConfig, registry, [Symbol.dispose]: () => purging?.[Symbol.dispose]() };
  };
  const noted = async (purges: number, text: RegExp): Promise<void> => {
    await expect.poll(() => cdn.purges.length, slow).toBe(purges);
    await expect.poll(() => readFileSync(file, { encoding: 'utf8', flag: 'a+' }), slow).toMatch(text);
  };
  return { cdn, file, errors, parts, start, noted };
}

const keysOf = ({ purges }: PurgeReceiver): (readonly string[])[] => purges.map(({ body }) => [...(body['surrogate_keys'] ?? body['tags'] ?? [])].sort());

test('at the first start everything is purged, at a start with the same nothing, at one with another document that one and the list', async () => {
  const { cdn, start, noted } = await setUp();
  (await start({ items: 1, levels: 2 }, { authHeader: 'Fastly-Key', authValue: 'secret' }).then(async (life) => (await noted(1, /shop\/levels/), life)))[
    Symbol.dispose
  ]();
  expect(keysOf(cdn)).toEqual([['shop/', 'shop/items', 'shop/levels']]);
  expect(cdn.purges[0]?.headers).toMatchObject({ 'fastly-key': 'secret', 'surrogate-key': 'shop/items shop/levels shop/' });

  using _same = await start({ items: 1, levels: 2 });
  using _changed = await start({ items: 3, levels: 2 });
  await noted(2, /shop\/items/);
  expect(keysOf(cdn)[1]).toEqual(['shop/', 'shop/items']);
});

test('a document that is gone is purged', async () => {
  const { cdn, start, noted, file } = await setUp();
  using _first = await start({ items: 1, levels: 2 });
  await noted(1, /shop\/levels/);
  using _second = await start({ items: 1 });
  await expect.poll(() => keysOf(cdn)[1], slow).toEqual(['shop/', 'shop/levels']);
  await expect.poll(() => readFileSync(file, 'utf8'), slow).not.toContain('levels');
});

test('a change while it runs is purged, and not again at the next start', async () => {
  const { cdn, start, noted } = await setUp();
  const life = await start({ items: 1 });
  await noted(1, /shop\/items/);
  life.publicConfig.replace('items', 2);
  await noted(2, new RegExp(life.publicConfig.get('items')?.hash ?? 'none'));
  life[Symbol.dispose]();
  expect(keysOf(cdn)[1]).toEqual(['shop/', 'shop/items']);
  using _next = await start({ items: 2 });
  using third = await start({ items: 2 });
  third.publicConfig.replace('items', 4);
  await expect.poll(() => cdn.purges.length, slow).toBe(3);
});

test('a purge that failed is not taken for done: it is counted, logged, and sent again by the next life', async () => {
  const { cdn, errors, start, noted } = await setUp();
  cdn.status = 503;
  const life = await start({ items: 1 });
  await expect.poll(() => errors, slow).toHaveLength(1);
  expect(life.registry.expose()).toMatch(/^midgard_cdn_purge_failures_total 1$/m);
  expect(life.registry.expose()).toMatch(/^midgard_cdn_purge_waiting 2$/m);
  life[Symbol.dispose]();
  cdn.status = 200;
  using second = await start({ items: 1 });
  await noted(2, /shop\/items/);
  expect(second.registry.expose()).toMatch(/^midgard_cdn_purged_keys_total 2$/m);
});

test('each purge is told of for traces, without its keys, its path or its secret', async () => {
  const { cdn, parts, errors, start } = await setUp();
  cdn.status = 503;
  using _life = await start({ items: 1 }, { authValue: 'secret' });
  await expect.poll(() => errors, slow).toHaveLength(1);
  expect(parts).toMatchObject([
    { name: 'purge CDN', kind: 'client', error: 'Error', attributes: { 'http.request.method': 'POST', 'server.address': '127.0.0.1', 'midgard.keys': 2 } },
  ]);
  expect(JSON.stringify(parts)).not.toMatch(/secret|items|\/purge/);
});

test('a redirection is not followed: the secret stays where it was sent', async () => {
  const { cdn, errors, start } = await setUp();
  cdn.status = 302;
  using _life = await start({ items: 1 });
  await expect.poll(() => errors, slow).toHaveLength(1);
  expect(cdn.purges).toHaveLength(1);
});

test('in the words of Cloudflare the keys are tags', async () => {
  const { cdn, start } = await setUp();
  using _life = await start({ items: 1 }, { format: 'cloudflare', authValue: 'Bearer secret' });
  await expect.poll(() => cdn.purges.length, slow).toBe(1);
  expect(cdn.purges[0]?.body).toEqual({ tags: ['shop/items', 'shop/'] });
  expect(cdn.purges[0]?.headers['authorization']).toBe('Bearer secret');
});

test('a damaged note counts as none: everything is purged once', async () => {
  const { cdn, file, start, noted } = await setUp();
  (await start({ items: 1 }).then(async (life) => (await noted(1, /shop\/items/), life)))[Symbol.dispose]();
  writeFileSync(file, '{"shop/items":');
  using _life = await start({ items: 1 });
  await expect.poll(() => keysOf(cdn)[1], slow).toEqual(['shop/', 'shop/items']);
});

test('without a CDN in the configuration there is nothing', () => {
  const config = configSchema.parse({});
  expect(openCdnPurge({ config, runtimes: [], registry: new Registry(), log: noopLogger })).toBeUndefined();
});
