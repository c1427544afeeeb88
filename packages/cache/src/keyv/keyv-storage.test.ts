import { Keyv, type KeyvStorageAdapter } from 'keyv';
import type { KeyvStoreAdapter } from 'keyv-5';
import type { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { World } from '../test/world.ts';
import { Keyv5Storage } from './keyv-5-storage.ts';
import { KeyvStorage } from './keyv-storage.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

/** Lets what was begun come to its end, without time. */
async function run<T>(work: Promise<T>): Promise<T> {
  for (let i = 0; i < 20; i += 1) await world.time.advance(0);
  return work;
}

async function listOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function open(): Promise<KeyvStorage> {
  const { cache } = await world.instance<unknown>({ policy: { ttlJitter: 0 } });
  return new KeyvStorage({ cache, clock: world.time });
}

/** Two processes that share a tier and a bus, each with a storage. */
async function two(): Promise<readonly [KeyvStorage, KeyvStorage]> {
  return [await open(), await open()];
}

describe('a storage for Keyv', () => {
  test("has the shape of both majors' interfaces", () => {
    expectTypeOf<KeyvStorage>().toExtend<Omit<KeyvStorageAdapter, keyof EventEmitter>>();
    expectTypeOf<Keyv5Storage>().toExtend<Omit<KeyvStoreAdapter, keyof EventEmitter>>();
  });

  test('what one process sets, another gets', async () => {
    const [one, other] = await two();
    expect(
      await run(
        one.setMany([
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ]),
      ),
    ).toEqual([true, true]);
    expect(await run(other.getMany(['a', 'b', 'c']))).toEqual(['1', '2', undefined]);
    expect(await run(other.hasMany(['a', 'c']))).toEqual([true, false]);
  });

  test('what one process sets again or deletes, no other gives out any more', async () => {
    const [one, other] = await two();
    await run(one.set('a', '1'));
    expect(await run(other.get('a'))).toBe('1');
    await run(one.set('a', '2'));
    expect(await run(other.get('a'))).toBe('2');
    expect(await run(one.deleteMany(['a', 'b']))).toEqual([true, false]);
    expect(await run(other.has('a'))).toBe(false);
  });

  test('a namespace is cleared everywhere, and others stay', async () => {
    const [one, other] = await two();
    for (const namespace of ['x', 'y']) {
      one.namespace = namespace;
      await run(one.set('a', namespace));
    }
    const inBoth = async (namespace: string): Promise<readonly unknown[]> => {
      one.namespace = other.namespace = namespace;
      return [await run(one.get('a')), await run(other.get('a'))];
    };
    expect(await inBoth('x')).toEqual(['x', 'x']);
    await run(one.clear());
    expect(await inBoth('x')).toEqual([undefined, undefined]);
    expect(await inBoth('y')).toEqual(['y', 'y']);
    one.namespace = undefined;
    await run(one.clear());
    expect(await inBoth('y')).toEqual([undefined, undefined]);
  });

  test('a point in time ends an entry, and one that is over drops what was there', async () => {
    const [one, other] = await two();
    await run(one.set('a', '1', world.time.now() + 100));
    await world.time.advance(99);
    expect([await run(one.get('a')), await run(other.get('a'))]).toEqual(['1', '1']);
    await world.time.advance(1);
    expect([await run(one.get('a')), await run(other.get('a'))]).toEqual([undefined, undefined]);
    await run(one.set('a', '2'));
    await run(one.set('a', '3', world.time.now()));
    expect(await run(one.get('a'))).toBeUndefined();
  });

  test('with Keyv 5 a time of life does', async () => {
    const { cache } = await world.instance<unknown>({ policy: { ttlJitter: 0 } });
    const storage = new Keyv5Storage({ cache, clock: world.time });
    await run(storage.set('a', '1', 100));
    await run(
      storage.setMany([
        { key: 'b', value: '2', ttl: 200 },
        { key: 'c', value: '3' },
      ]),
    );
    await world.time.advance(100);
    expect(await run(storage.hasMany(['a', 'b', 'c']))).toEqual([false, true, true]);
    expect(await run(storage.deleteMany(['a', 'b']))).toBe(true);
    expect(await run(storage.deleteMany(['a', 'b']))).toBe(false);
  });

  test('the iterator gives what is in memory of the namespace, by the keys that were set', async () => {
    const [one, other] = await two();
    one.namespace = 'x';
    await run(one.set('a', '1'));
    one.namespace = 'xx';
    await run(one.set('b', '2'));
    expect(await listOf(one.iterator())).toEqual([['b', '2']]);
    expect(await listOf(other.iterator())).toEqual([]);
  });

  test('disconnecting Keyv does what was asked for', async () => {
    const { cache, coherence } = await world.instance<unknown>();
    let closed = 0;
    const keyv = new Keyv({
      store: new KeyvStorage({
        cache,
        disconnect: async () => {
          closed += 1;
          await coherence.close();
        },
      }),
    });
    await keyv.disconnect();
    expect(closed).toBe(1);
    await new Keyv({ store: new KeyvStorage({ cache }) }).disconnect();
  });
});
