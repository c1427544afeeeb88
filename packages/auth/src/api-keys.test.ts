import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildApiKey } from './api-key-format.ts';
import { MemoryApiKeyStore } from './api-key-store.ts';
import { ApiKeys } from './api-keys.ts';
import { bitFlips, FakeClock, refusal } from './test/support.ts';

const pepper = Buffer.alloc(32, 7);

class CountingStore extends MemoryApiKeyStore {
  finds = 0;
  before: (() => Promise<void>) | undefined;

  override async find(id: string) {
    this.finds += 1;
    const record = await super.find(id);
    await this.before?.();
    return record;
  }
}

let clock: FakeClock;
let store: CountingStore;
let keys: ApiKeys;
beforeEach(() => {
  clock = new FakeClock();
  store = new CountingStore();
  keys = new ApiKeys({ store, pepper, env: 'dev', clock });
});

/** A key with that id, a fresh secret and a right checksum: its first 12 random bytes spell the id. */
function keyWithId(id: string): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const spelled = Uint8Array.from(id, (letter) => alphabet.indexOf(letter));
  return buildApiKey('dev', (bytes) => (bytes === spelled.length ? spelled : randomBytes(bytes))).key;
}

const create = (label = 'arena') => keys.create({ games: ['realm'], role: 'game-server', label });

describe('a good key', () => {
  test('has the documented form and proves its holder', async () => {
    const { key, record } = await create();
    expect(key).toMatch(/^mdg_dev_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(await keys.verify(key)).toEqual({
      subject: `key:${record.id}`,
      kind: 'apiKey',
      roles: ['game-server'],
      games: ['realm'],
      playerId: null,
      expiresAt: null,
    });
  });

  test('is nowhere in what is stored or listed', async () => {
    const { key, record } = await create();
    expect(JSON.stringify([await store.list(), await keys.list(), record])).not.toContain(key.slice(-49, -6));
    expect(Object.keys((await keys.list())[0] ?? {})).not.toContain('hash');
  });

  test('gives a principal whose rights nobody can raise', async () => {
    const { key } = await create();
    const principal = await keys.verify(key);
    expect(() => Reflect.apply(Array.prototype.push, principal.roles, ['admin'])).toThrow(TypeError);
    expect(() => Reflect.apply(Array.prototype.push, principal.games, ['*'])).toThrow(TypeError);
  });
});

describe('a wrong key', () => {
  test('with a bit flipped at any position is refused without a look-up', async () => {
    const { key } = await create();
    for (const wrong of bitFlips(key)) expect(await refusal(keys.verify(wrong)), wrong).toBe('ERR_AUTH_INVALID');
    expect(store.finds).toBe(0);
  });

  test('cut at any position or lengthened is refused without a look-up', async () => {
    const { key } = await create();
    for (let length = 0; length < key.length; length += 1) expect(await refusal(keys.verify(key.slice(0, length)))).toBe('ERR_AUTH_INVALID');
    for (const tail of ['0', '\n', ' ', '\0']) expect(await refusal(keys.verify(key + tail))).toBe('ERR_AUTH_INVALID');
    expect(store.finds).toBe(0);
  });

  test('of the right id and checksum but another secret is refused, cached or not', async () => {
    const { key, record } = await create();
    const forged = keyWithId(record.id);
    expect(await refusal(keys.verify(forged))).toBe('ERR_AUTH_INVALID');
    await keys.verify(key);
    expect(await refusal(keys.verify(forged))).toBe('ERR_AUTH_INVALID');
    expect(store.finds).toBe(1);
  });

  test('of nobody is refused and not remembered', async () => {
    const { key } = buildApiKey('dev', randomBytes);
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
    expect(store.finds).toBe(2);
  });

  test('of the other environment is refused', async () => {
    const live = new ApiKeys({ store, pepper, env: 'live', clock });
    const { key } = await create();
    expect(await refusal(live.verify(key))).toBe('ERR_AUTH_INVALID');
  });

  test('verified under another pepper is refused: a stolen table opens nothing', async () => {
    const thief = new ApiKeys({ store, pepper: Buffer.alloc(32, 8), env: 'dev', clock });
    const { key } = await create();
    expect(await refusal(thief.verify(key))).toBe('ERR_AUTH_INVALID');
  });

  test('past its expiry is refused, also from the cache', async () => {
    const { key } = await keys.create({ games: '*', role: 'web', label: 'site', expiresAt: clock.ms + 500 });
    expect((await keys.verify(key)).expiresAt).toBe(clock.ms + 500);
    clock.ms += 500;
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_EXPIRED');
  });
});

describe('revocation', () => {
  test('counts at once where it was made', async () => {
    const { key, record } = await create();
    await keys.verify(key);
    expect(await keys.revoke(record.id)).toBe(true);
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
    expect(await keys.revoke('000000000000')).toBe(false);
  });

  test('made elsewhere is seen within cacheMs', async () => {
    const { key, record } = await create();
    await keys.verify(key);
    await store.revoke(record.id, clock.ms);
    clock.ms += 999;
    expect(await refusal(keys.verify(key))).toBe('accepted');
    clock.ms += 1;
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
  });

  test('is seen by a look-up that was slow: the time counts from its beginning', async () => {
    const { key, record } = await create();
    store.before = async () => {
      clock.ms += 900;
    };
    await keys.verify(key);
    await store.revoke(record.id, clock.ms);
    clock.ms += 100;
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
  });

  test('is not undone by a look-up that began before it', async () => {
    const { key, record } = await create();
    const gate = Promise.withResolvers<void>();
    store.before = () => gate.promise;
    const early = keys.verify(key);
    await keys.revoke(record.id);
    store.before = undefined;
    const late = refusal(keys.verify(key));
    gate.resolve();
    await early;
    expect(await late).toBe('ERR_AUTH_INVALID');
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
  });

  test('keeps its first time', async () => {
    const { record } = await create();
    const at = clock.ms;
    await keys.revoke(record.id);
    clock.ms += 5;
    await keys.revoke(record.id);
    expect((await keys.list())[0]?.revokedAt).toBe(at);
  });

  test('with the clock gone back is still seen', async () => {
    const { key, record } = await create();
    await keys.verify(key);
    await store.revoke(record.id, clock.ms);
    clock.ms -= 3_600_000;
    expect(await refusal(keys.verify(key))).toBe('ERR_AUTH_INVALID');
  });
});

describe('the cache', () => {
  test('never takes one key for another', async () => {
    const made = await Promise.all(
      Array.from({ length: 200 }, (_, i) => keys.create({ games: [`g${i}`], role: i % 2 === 0 ? 'web' : 'viewer', label: `k${i}` })),
    );
    for (let round = 0; round < 3; round += 1) {
      const seen = await Promise.all(made.map(({ key }) => keys.verify(key)));
      expect(seen.map(({ games }) => games)).toEqual(made.map(({ record }) => record.games));
      expect(seen.map(({ roles }) => roles[0])).toEqual(made.map(({ record }) => record.role));
    }
    expect(store.finds).toBe(200);
  });

  test('asks the store once for many who come at the same time', async () => {
    const { key } = await create();
    await Promise.all(Array.from({ length: 50 }, () => keys.verify(key)));
    expect(store.finds).toBe(1);
  });

  test('does not keep a failure of the store', async () => {
    const { key } = await create();
    store.before = () => Promise.reject(new Error('database away'));
    await expect(keys.verify(key)).rejects.toThrow('database away');
    store.before = undefined;
    expect(await refusal(keys.verify(key))).toBe('accepted');
  });
});

test.each([
  ['a short pepper', () => new ApiKeys({ store, pepper: Buffer.alloc(31), env: 'dev' })],
  ['a negative cacheMs', () => new ApiKeys({ store, pepper, env: 'dev', cacheMs: -1 })],
])('%s is refused', (_name, build) => {
  expect(build).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
});

test.each([
  ['an empty label', { games: ['realm'], role: 'web', label: '' }],
  ['no game', { games: [], role: 'web', label: 'x' }],
  ['an expiry in the past', { games: '*', role: 'web', label: 'x', expiresAt: 5 }],
] as const)('a key with %s is not made', async (_name, request) => {
  expect(await refusal(keys.create(request))).toBe('ERR_AUTH_OPTIONS');
});
