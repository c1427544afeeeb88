import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { buildApiKey } from './api-key-format.ts';
import { MemoryApiKeyStore } from './api-key-store.ts';
import { ApiKeys } from './api-keys.ts';
import { mayCall } from './operation-scope.ts';
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
      issuedAt: record.createdAt,
      sessionId: null,
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

describe('a key for some operations only', () => {
  test('carries them in its principal, where nobody can add one', async () => {
    const { key, record } = await keys.create({ games: ['realm'], role: 'web', label: 'shop', operations: ['order.*', 'player.get'] });
    expect(record.operations).toEqual(['order.*', 'player.get']);
    const principal = await keys.verify(key);
    expect(['order.create', 'player.get', 'player.list', 'orders.create', 'order', ''].map((name) => mayCall(principal, name))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(() => Reflect.apply(Array.prototype.push, principal.operations, ['*'])).toThrow(TypeError);
  });

  test.each([[[]], [['*']], [['order']], [['order.*.x']], [['Order.create']], [['order.create\n']], [['__proto__']]])(
    '%j are no operations',
    async (operations) => {
      expect(await refusal(keys.create({ games: ['realm'], role: 'web', label: 'shop', operations }))).toBe('ERR_AUTH_OPTIONS');
    },
  );
});

async function lastUse(): Promise<number | null> {
  return (await keys.list())[0]?.lastUsedAt ?? null;
}

describe('the last use of a key', () => {
  test('is noted, to the minute, and not at every request', async () => {
    const { key } = await create();
    expect(await lastUse()).toBeNull();
    const touch = vi.spyOn(store, 'touch');
    for (let i = 0; i < 59; i += 1) {
      await keys.verify(key);
      clock.ms += 1000;
    }
    expect(touch).toHaveBeenCalledTimes(1);
    expect(await lastUse()).toBe(clock.ms - 59_000);
    clock.ms += 1000;
    await keys.verify(key);
    expect(await lastUse()).toBe(clock.ms);
  });

  test('is not that of a wrong key, and a store that cannot note it refuses nobody', async () => {
    const { key, record } = await create();
    expect(await refusal(keys.verify(keyWithId(record.id)))).toBe('ERR_AUTH_INVALID');
    expect(await lastUse()).toBeNull();
    vi.spyOn(store, 'touch').mockRejectedValue(new Error('read-only'));
    expect(await refusal(keys.verify(key))).toBe('accepted');
  });
});

describe('rotation', () => {
  test('gives a key that may do the same, and for a while both are good', async () => {
    const old = await keys.create({ games: ['realm'], role: 'web', label: 'shop', operations: ['order.*'] });
    const created = await keys.rotate(old.record.id, { overlapMs: 5000 });
    const key = created?.key ?? '';
    expect(await keys.verify(key)).toMatchObject({ roles: ['web'], games: ['realm'], operations: ['order.*'], expiresAt: null });
    expect(await refusal(keys.verify(old.key))).toBe('accepted');
    clock.ms += 5000;
    expect([await refusal(keys.verify(old.key)), await refusal(keys.verify(key))]).toEqual(['ERR_AUTH_EXPIRED', 'accepted']);
    expect((await keys.list()).find(({ id }) => id === old.record.id)).toMatchObject({ replacedBy: created?.record.id, expiresAt: clock.ms });
  });

  test('never lengthens a life, neither of the old key nor of what takes its place', async () => {
    const end = clock.ms + 1000;
    const old = await keys.create({ games: '*', role: 'web', label: 'shop', expiresAt: end });
    const created = await keys.rotate(old.record.id, { overlapMs: 3_600_000 });
    expect((await keys.list()).map(({ expiresAt }) => expiresAt)).toEqual([end, end]);
    expect(created?.record.expiresAt).toBe(end);
  });

  test('of what is unknown, revoked or expired makes none', async () => {
    const revoked = await create();
    await keys.revoke(revoked.record.id);
    const expired = await keys.create({ games: '*', role: 'web', label: 'shop', expiresAt: clock.ms + 1 });
    clock.ms += 1;
    for (const id of ['nobody', revoked.record.id, expired.record.id]) expect(await keys.rotate(id, { overlapMs: 0 })).toBeUndefined();
    expect(await keys.list()).toHaveLength(2);
    expect(await refusal(keys.rotate(revoked.record.id, { overlapMs: -1 }))).toBe('ERR_AUTH_OPTIONS');
  });
});

describe('a key that was right before is recalled without a promise', () => {
  test('as the very principal, as long as its record is trusted', async () => {
    const { key } = await create();
    expect(keys.recall(key)).toBeUndefined();
    const principal = await keys.verify(key);
    expect([keys.recall(key), keys.stillGives(principal), keys.stillGives({ ...principal })]).toEqual([principal, true, false]);
    expect(keys.recall(`${key.slice(0, -1)}x`)).toBeUndefined();
    clock.ms += 1000;
    expect([keys.recall(key), keys.stillGives(principal)]).toEqual([undefined, false]);
    const anew = await keys.verify(key);
    expect([keys.stillGives(principal), keys.stillGives(anew)]).toEqual([false, true]);
  });

  test('no longer once it is revoked or has run out', async () => {
    const [gone, { key, record }] = [await create(), await keys.create({ games: ['realm'], role: 'viewer', label: 'short', expiresAt: clock.now() + 10 })];
    const [first, second] = [await keys.verify(gone.key), await keys.verify(key)];
    await keys.revoke(gone.record.id);
    expect([keys.recall(gone.key), keys.stillGives(first), keys.stillGives(second)]).toEqual([undefined, false, true]);
    clock.ms += 10;
    expect(() => keys.recall(key)).toThrow(expect.objectContaining({ code: 'ERR_AUTH_EXPIRED' }));
    expect([record.role, keys.stillGives(second)]).toEqual(['viewer', false]);
  });
});
