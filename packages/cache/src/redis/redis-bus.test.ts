import {
  findRedis,
  quickest,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  startTcpProxy,
  until,
  type RedisServer,
  type RedisSettings,
} from '@midgard/test-services';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BusNotes } from '../test/bus-notes.ts';
import { RedisBus, type RedisBusOptions } from './redis-bus.ts';

const timeout = 60_000;
/** A machine that is busy with other tests keeps no bound of milliseconds; those that measure it say so themselves. */
const patient = { boundMs: 2000, timeoutMs: 5000, connectWithinMs: 15_000 };
const joined = (notes: BusNotes) => () => notes.isJoined;

async function redisOfTest(settings?: RedisSettings): Promise<RedisServer> {
  const redis = await startRedis(settings);
  onTestFinished(() => redis.remove());
  return redis;
}

async function busOfTest(options: RedisBusOptions): Promise<{ readonly bus: RedisBus; readonly notes: BusNotes }> {
  const [bus, notes] = [new RedisBus({ ...patient, ...options }), new BusNotes()];
  onTestFinished(() => bus.close());
  await bus.start(notes);
  return { bus, notes };
}

function adminOf({ url }: { readonly url: string }): Redis {
  const admin = new Redis(url).on('error', () => undefined);
  onTestFinished(() => admin.disconnect());
  return admin;
}

/** Says it until it is heard: on a machine that is busy anybody may be lost once more than the test has in mind. */
async function isHeard({ bus }: { readonly bus: RedisBus }, { notes }: { readonly notes: BusNotes }, word: string): Promise<void> {
  await until(async () => {
    await bus.publish(word);
    return notes.words.includes(word);
  });
}

describe.skipIf(findRedis() === undefined)('RedisBus (needs a redis-server binary)', () => {
  test('everybody hears the others and not himself, in order', { timeout }, async () => {
    const { url } = await redisOfTest();
    const [a, b, c] = [await busOfTest({ url }), await busOfTest({ url }), await busOfTest({ url, prefix: 'other' })];
    const words = Array.from({ length: 200 }, (_, i) => `word ${i}: {ä}\n${i}`);
    for (const word of words) await a.bus.publish(word);
    await b.bus.publish('of b');
    await until(() => b.notes.words.length === words.length && a.notes.words.length === 1);
    expect(b.notes.said).toEqual(['joined', ...words]);
    expect(a.notes.said).toEqual(['joined', 'of b']);
    expect(c.notes.said).toEqual(['joined']);
  });

  test('who joins late hears from then on, and misses nothing', { timeout }, async () => {
    const { url } = await redisOfTest();
    const a = await busOfTest({ url });
    await a.bus.publish('early');
    const b = await busOfTest({ url });
    await a.bus.publish('late');
    await until(() => b.notes.words.length === 1);
    expect(b.notes.said).toEqual(['joined', 'late']);
  });

  test('many who speak at once are heard by all, and nobody misses anything', { timeout }, async () => {
    const { url } = await redisOfTest();
    const buses = await Promise.all(Array.from({ length: 4 }, () => busOfTest({ url })));
    await Promise.all(buses.flatMap(({ bus }, i) => Array.from({ length: 100 }, (_, k) => bus.publish(`${i} ${k}`))));
    await until(() => buses.every(({ notes }) => notes.words.length === 300));
    for (const { notes } of buses) expect(notes.said.filter((one) => one.startsWith('lost'))).toEqual([]);
  });

  test('a word that was dropped shows with the next one', { timeout }, async () => {
    const redis = await redisOfTest();
    const { bus, notes } = await busOfTest({ url: redis.url });
    const admin = adminOf(redis);
    await bus.publish('own words count');
    await admin.set('{cache:bus}:sequence', Date.now() * 1000 + 1_000_000_000); // As if somebody had spoken.
    const speaker = await busOfTest({ url: redis.url });
    await speaker.bus.publish('next');
    await until(() => notes.words.length === 1);
    expect(notes.said).toEqual(['joined', 'lost gap', 'next', 'joined']);
    await speaker.bus.publish('after');
    await until(() => notes.words.length === 2);
    expect(notes.said.slice(4)).toEqual(['after']);
  });

  test('a word that was dropped, and after which nobody speaks, is missed all the same, within the bound', { timeout }, async () => {
    const redis = await redisOfTest();
    const { notes } = await busOfTest({ url: redis.url, boundMs: 100 });
    const admin = adminOf(redis);
    await until(joined(notes));
    const noticedAfterMs = await quickest(2000, async () => {
      const before = notes.said.length;
      await admin.set('{cache:bus}:sequence', Date.now() * 1000 + 1_000_000_000 * notes.said.length);
      const begun = performance.now();
      await until(() => notes.said.slice(before).includes('lost gap'));
      await until(joined(notes));
      return performance.now() - begun;
    });
    // Many times the bound, for a machine that is busy; the coherence checker measures it.
    expect(noticedAfterMs).toBeLessThan(2000);
  });

  test('who is cut off is told so at once, and hears again what is said after he is joined', { timeout }, async () => {
    const redis = await redisOfTest();
    const { notes } = await busOfTest({ url: redis.url });
    const speaker = await busOfTest({ url: redis.url, prefix: 'cache' });
    const admin = adminOf(redis);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await speaker.bus.publish('while nobody hears');
    await until(() => notes.said.length >= 3 && notes.isJoined);
    expect(notes.said[1]).toBe('lost gap');
    await until(joined(speaker.notes));
    await isHeard(speaker, { notes }, 'again');
  });

  test('a connection that swallows all that comes is found out, and left', { timeout }, async () => {
    const redis = await redisOfTest();
    const proxy = await startTcpProxy(redis.port);
    onTestFinished(() => proxy.remove());
    const { notes, bus } = await busOfTest({ url: `redis://127.0.0.1:${proxy.port}`, boundMs: 500, timeoutMs: 300 });
    const speaker = await busOfTest({ url: redis.url });
    proxy.swallow('answers');
    await speaker.bus.publish('unheard');
    await until(() => notes.said.includes('lost away'));
    await expect(bus.publish('unanswered')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    proxy.swallow('nothing');
    await until(joined(notes));
    await isHeard(speaker, { notes }, 'heard');
  });

  test('a Redis that is slow makes a gap, and is not away', { timeout }, async () => {
    const redis = await redisOfTest();
    const { notes } = await busOfTest({ url: redis.url, boundMs: 100, timeoutMs: 50_000 });
    await until(joined(notes));
    await redis.freeze();
    await until(() => notes.said.includes('lost gap'));
    redis.thaw();
    await until(joined(notes));
    expect(notes.said).not.toContain('lost away');
  });

  test('a frozen Redis is away for all, and back when it answers', { timeout }, async () => {
    const redis = await redisOfTest();
    const [a, b] = [await busOfTest({ url: redis.url, boundMs: 300, timeoutMs: 300 }), await busOfTest({ url: redis.url, boundMs: 300, timeoutMs: 300 })];
    await redis.freeze();
    await until(() => [a, b].every(({ notes }) => notes.said.at(-1) === 'lost away'));
    await expect(a.bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    redis.thaw();
    await until(() => [a, b].every(({ notes }) => notes.isJoined));
    await isHeard(a, b, 'word');
  });

  test.each(['', 'everysec'])(
    'a Redis that is killed is away, and back within two seconds of its return (append-only file: %j)',
    { timeout },
    async (appendfsync) => {
      const redis = await redisOfTest(appendfsync === '' ? { appendonly: 'no' } : { appendonly: 'yes', appendfsync });
      const [a, b] = [await busOfTest({ url: redis.url }), await busOfTest({ url: redis.url })];
      const backMs: number[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        await a.bus.publish(`before ${turn}`);
        await redis.stop('SIGKILL');
        await until(() => [a, b].every(({ notes }) => notes.said.at(-1) === 'lost away'));
        await redis.start();
        const back = performance.now();
        await until(() => [a, b].every(({ notes }) => notes.isJoined));
        backMs.push(performance.now() - back);
        await a.bus.publish(`after ${turn}`);
        await until(() => b.notes.words.includes(`after ${turn}`));
      }
      // Two of three: a machine that others use stands still for a while now and then.
      expect(backMs.toSorted((one, other) => one - other)[1]).toBeLessThan(2000);
    },
  );

  test('a server that was wiped is noticed, and its words are heard', { timeout }, async () => {
    const redis = await redisOfTest();
    const [a, b] = [await busOfTest({ url: redis.url }), await busOfTest({ url: redis.url })];
    const admin = adminOf(redis);
    await a.bus.publish('before');
    await until(() => b.notes.words.length === 1);
    const before = Number(await admin.get('{cache:bus}:sequence'));
    await admin.flushall();
    await until(() => [a, b].every(({ notes }) => notes.said.includes('lost away') && notes.isJoined));
    await isHeard(a, b, 'after');
    expect(b.notes.isJoined).toBe(true);
    expect(Number(await admin.get('{cache:bus}:sequence'))).toBeGreaterThan(before);
  });

  test('a bus that is opened without a Redis joins once there is one', { timeout }, async () => {
    const redis = await redisOfTest();
    await redis.stop();
    const { bus, notes } = await busOfTest({ url: redis.url, connectWithinMs: 50 });
    expect(notes.isJoined).toBe(false);
    await expect(bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    await redis.start();
    await until(joined(notes));
  });

  test('a closed bus hears and says nothing more', { timeout }, async () => {
    const redis = await redisOfTest();
    const [a, b] = [await busOfTest({ url: redis.url }), await busOfTest({ url: redis.url })];
    await a.bus.close();
    await b.bus.publish('x');
    await expect(a.bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    await expect(b.bus.start(new BusNotes())).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    await redis.stop();
    await until(() => b.notes.said.includes('lost away'));
    expect(a.notes.said).toEqual(['joined']);
  });

  test('a bus that is closed while all is well holds nothing up', { timeout }, async () => {
    const { url } = await redisOfTest();
    // It would look again for missed words after four tenths of the bound.
    const { bus } = await busOfTest({ url, boundMs: 10 * timeout });
    await bus.close();
    let isOver = false;
    setTimeout(() => (isOver = true), 1);
    await until(() => isOver);
  });

  test('through Sentinel: heard by all, also after the replica has taken over', { timeout }, async () => {
    const sentinel = await startRedisSentinel();
    onTestFinished(() => sentinel.remove());
    const url = `redis-sentinel://${sentinel.address}#${sentinel.masterName}`;
    const [a, b] = [await busOfTest({ url, boundMs: 500 }), await busOfTest({ url, boundMs: 500 })];
    await a.bus.publish('one');
    await until(() => b.notes.words.includes('one'));
    await sentinel.master.stop('SIGKILL');
    await until(() => [a, b].every(({ notes }) => notes.said.includes('lost away')));
    await until(() => [a, b].every(({ notes }) => notes.isJoined));
    await isHeard(a, b, 'two');
  });

  test('in a cluster: heard by all, also after the slot has moved and after its server was killed', { timeout }, async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.remove());
    const url = `redis-cluster://${cluster.nodes.join(',')}`;
    const [a, b] = [await busOfTest({ url, boundMs: 500 }), await busOfTest({ url, boundMs: 500 })];
    await a.bus.publish('one');
    await until(() => b.notes.words.includes('one'));
    expect(b.notes.said).toEqual(['joined', 'one']);

    const from = await cluster.masterOf('{cache:bus}');
    await cluster.moveSlot(
      await cluster.slotOf('{cache:bus}'),
      cluster.masters.find((master) => master !== from)!,
    );
    await a.bus.publish('two');
    await until(() => b.notes.words.includes('two') || b.notes.said.some((one) => one.startsWith('lost')));
    await until(() => [a, b].every(({ notes }) => notes.isJoined));
    await isHeard(b, a, 'three');

    const owner = await cluster.masterOf('{cache:bus}');
    await owner.stop('SIGKILL');
    await until(() => [a, b].every(({ notes }) => notes.said.at(-1) === 'lost away'));
    await owner.start();
    await until(() => [a, b].every(({ notes }) => notes.isJoined));
    await isHeard(a, b, 'four');
  });
});

test.each([{ boundMs: 5 }, { boundMs: Number.NaN }, { timeoutMs: 0 }, { url: 'http://x' }])('%o is refused', (options) => {
  expect(() => new RedisBus({ url: 'redis://127.0.0.1:1', ...options })).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' }));
});
