/** The service behind a real cache: what nginx makes of the headers of the public configuration, and what a purge does to it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '@midgard/test-services';
import { expect, test } from 'vitest';
import { nginxPath, startNginxCdn } from '../testing/nginx-cdn.ts';
import { startPurgeReceiver } from '../testing/purge-receiver.ts';
import { ServiceProcess } from '../testing/service-process.ts';

const root = '/api/v1/games/shop/config';
const swords = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`sword-${i}`, { damage: i }]));
const plugin = new URL('../testing/shop-game.ts', import.meta.url).href;

/** Polling goes on so long on a busy machine; no measure of speed. */
const slow = { timeout: 15_000 };

interface Cached {
  readonly status: number;
  readonly cache: string | null;
  readonly etag: string;
  readonly body: string;
}

async function get(base: string, name: string, headers: Readonly<Record<string, string>> = {}): Promise<Cached> {
  const response = await fetch(`${base}${root}${name}`, { headers: { 'Accept-Encoding': 'gzip', ...headers } });
  return { status: response.status, cache: response.headers.get('x-cache'), etag: response.headers.get('etag') ?? '', body: await response.text() };
}

test.skipIf(nginxPath === undefined)(
  'a CDN keeps the public configuration, revalidates it, serves it while the service is away, and drops it when it changes (skipped without nginx)',
  { timeout: 120_000 },
  async () => {
    await using receiver = await startPurgeReceiver();
    await using service = new ServiceProcess({
      MIDGARD_GAMES_SHOP_PACKAGE: plugin,
      MIDGARD_CDN_PURGE_URL: receiver.url,
      SHOP_CONFIG: 'shop.json',
    });
    const publish = (items: unknown, season: unknown): void => writeFileSync(path.join(service.folder, 'shop.json'), JSON.stringify({ items, season }));
    publish(swords, { name: 'Winter' });
    const ports = { tcp: await freePort(), http: await freePort() };
    const { baseUrl } = await service.start(ports);
    await using cdn = await startNginxCdn(ports.http);
    const reads = async (): Promise<number> =>
      Number(
        /^midgard_requests_total\{[^}]*game="shop",operation="config.get",code="0"\} (\d+)$/m.exec(await (await fetch(`${baseUrl}/metrics`)).text())?.[1] ?? 0,
      );
    // The purge of the first start, when there is nothing to purge yet.
    await expect.poll(() => receiver.purges.length, slow).toBe(1);
    // This CDN purges a key by fetching what it stands for anew, in each coding.
    receiver.onPurge = async (keys) => {
      for (const key of keys) {
        for (const coding of ['gzip', 'identity'])
          await get(cdn.base, key.replace(/^shop\/?/, '/').replace(/^\/$/, ''), { 'Accept-Encoding': coding, 'X-Refresh': '1' });
      }
    };
    // A document is fetched once for each coding, and its entity tag goes through unweakened.
    const first = await get(cdn.base, '/items');
    expect([first.cache, JSON.parse(first.body)]).toEqual(['MISS', swords]);
    const before = await reads();
    const hits = await Promise.all(Array.from({ length: 20 }, () => get(cdn.base, '/items')));
    expect(new Set(hits.map(({ cache, etag }) => `${cache} ${etag}`))).toEqual(new Set([`HIT ${first.etag}`]));
    expect(first.etag).toMatch(/^"[\w-]+-gzip"$/);
    expect(await reads()).toBe(before);
    expect((await get(cdn.base, '/items', { 'Accept-Encoding': 'identity' })).etag).toBe(first.etag.replace('-gzip', ''));
    expect((await get(cdn.base, '/items', { 'If-None-Match': first.etag })).status).toBe(304);

    // What may be kept for a second is revalidated after it, by its tag.
    expect(JSON.parse((await get(cdn.base, '/season')).body)).toEqual({ name: 'Winter' });
    await expect.poll(async () => (await get(cdn.base, '/season')).cache, slow).toBe('REVALIDATED');

    // The service is away: what is fresh is served, what is stale too.
    await service.end('SIGTERM');
    expect((await get(cdn.base, '/items')).cache).toBe('HIT');
    await expect.poll(async () => (await get(cdn.base, '/season')).cache, slow).toBe('STALE');
    expect(JSON.parse((await get(cdn.base, '/season')).body)).toEqual({ name: 'Winter' });

    // Back with the same configuration: nothing is purged. With another one: that document, and the list.
    await service.start(ports);
    await service.end('SIGTERM');
    expect(receiver.purges).toHaveLength(1);
    publish({ axe: { damage: 9 } }, { name: 'Winter' });
    await service.start(ports);
    await expect.poll(() => receiver.purges.length, slow).toBe(2);
    expect(receiver.purges[1]?.body).toEqual({ surrogate_keys: ['shop/items', 'shop/'] });
    // This CDN may fetch a coding twice: what it fetched last takes the place of what it fetched before, whatever its coding.
    const kept = async (): Promise<unknown> => {
      const { cache, body } = await get(cdn.base, '/items');
      return [cache, JSON.parse(body)];
    };
    await expect.poll(kept, slow).toEqual(['HIT', { axe: { damage: 9 } }]);
    const listed = async (): Promise<unknown> => {
      const [{ url }] = JSON.parse((await get(cdn.base, '')).body).documents;
      return (await fetch(cdn.base + url)).json();
    };
    await expect.poll(listed, slow).toEqual({ axe: { damage: 9 } });
  },
);
