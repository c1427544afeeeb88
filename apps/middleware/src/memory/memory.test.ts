import { describe, expect, test } from 'vitest';
import { ServiceProcess } from '../testing/service-process.ts';

const timeout = 120_000;
const mebibyte = 1024 * 1024;

async function metric(baseUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );
}

async function heapLimitOf(env: Readonly<Record<string, string>>): Promise<number> {
  await using service = new ServiceProcess(env);
  const { baseUrl } = await service.start();
  const limit = await metric(baseUrl, 'midgard_heap_limit_bytes');
  expect(await service.end('SIGTERM')).toBe(0);
  return limit;
}

describe('the young generation', { timeout }, () => {
  test('is as large as the setting says; a flag of the operator wins', async () => {
    const [of16, of64, byFlag] = await Promise.all([
      heapLimitOf({}),
      heapLimitOf({ MIDGARD_MEMORY_YOUNG_GENERATION_MB: '64' }),
      heapLimitOf({ MIDGARD_MEMORY_YOUNG_GENERATION_MB: '64', NODE_OPTIONS: '--max-semi-space-size=16' }),
    ]);
    // V8 counts the young generation as three halves.
    expect((of64 - of16) / mebibyte).toBe(3 * (64 - 16));
    expect(byFlag).toBe(of16);
  });

  test('out of its bounds is refused like any setting, before anything starts', async () => {
    await using service = new ServiceProcess({ MIDGARD_MEMORY_YOUNG_GENERATION_MB: '4096' });
    const { exitCode, stderr } = await service.command('start');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('MIDGARD_MEMORY_YOUNG_GENERATION_MB');
  });
});

describe('the leak watch', { timeout }, () => {
  const fast = { MIDGARD_MEMORY_LEAK_WATCH_INTERVAL_MS: '20', MIDGARD_MEMORY_LEAK_WATCH_WINDOW_MS: '50', MIDGARD_MEMORY_LEAK_WATCH_WINDOWS: '3' };

  test('looks at a service at rest, sees how it goes and suspects nothing', async () => {
    await using service = new ServiceProcess(fast);
    const { baseUrl } = await service.start();
    // An event loop is never exactly as late as in another window.
    await expect.poll(() => metric(baseUrl, 'midgard_leak_growth_per_hour{resource="event_loop"}'), { timeout }).not.toBe(0);
    for (const resource of ['heap', 'external', 'handles', 'event_loop']) {
      expect(await metric(baseUrl, `midgard_leak_suspected{resource="${resource}"}`), resource).toBe(0);
    }
  });

  test('can be switched off', async () => {
    await using service = new ServiceProcess({ ...fast, MIDGARD_MEMORY_LEAK_WATCH_ENABLED: 'false' });
    const { baseUrl } = await service.start();
    expect(await metric(baseUrl, 'midgard_leak_suspected{resource="handles"}')).toBeNaN();
  });
});

describe('idle collection', { timeout }, () => {
  const collections = 'midgard_idle_collections_total';
  const quick = { MIDGARD_MEMORY_IDLE_GC_QUIET_MS: '100', MIDGARD_MEMORY_IDLE_GC_MIN_INTERVAL_MS: '1' };

  test('follows each request when it is switched on', async () => {
    await using service = new ServiceProcess({ ...quick, MIDGARD_MEMORY_IDLE_GC_ENABLED: 'true' });
    const { baseUrl, key } = await service.start();
    for (const done of [1, 2]) {
      await fetch(`${baseUrl}/api/v1/games/realm/players/1`, { headers: { 'X-API-Key': key } });
      await expect.poll(() => metric(baseUrl, collections), { timeout }).toBe(done);
    }
  });
});
