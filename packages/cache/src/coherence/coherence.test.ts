import { beforeEach, describe, expect, test } from 'vitest';
import { settled } from '@midgard/pool/testing';
import type { CoherenceListener } from './coherence.ts';
import { type Instance, World } from '../test/world.ts';

let world: World;
let events: string[];
let listener: CoherenceListener;
beforeEach(() => {
  world = new World();
  events = [];
  listener = {
    lost: (cause) => events.push(`lost ${cause}`),
    joined: () => events.push('joined'),
    distrusted: () => events.push('distrusted'),
    invalidationFailed: (_error, waiting) => events.push(`failed ${waiting}`),
  };
});

const policy = { ttlMs: 60_000, memoryTtlMs: 60_000, ttlJitter: 0 };
const times = { awayTtlMs: 500, settleMs: 100 };

async function instance(): Promise<Instance<string>> {
  return world.instance<string>({ policy }, { ...times, listener });
}

async function after<T>(ms: number, work: Promise<T>): Promise<T> {
  await world.time.advance(ms);
  return work;
}

const saying = (value: string) => async (): Promise<string> => value;

describe('while the others cannot be heard', () => {
  test('memory gives what it has for a short time, and then what the source says', async () => {
    const one = await instance();
    await after(1, one.cache.getOrLoad('k', saying('old')));
    world.fail();
    expect(one.coherence.state).toBe('away');
    await world.time.advance(499);
    expect(one.cache.getInMemory('k')).toBe('old');
    await world.time.advance(1);
    expect(await after(1, one.cache.answer('k', saying('new')))).toEqual({ value: 'new', source: 'loader' });
    await world.time.advance(500);
    expect(one.cache.getInMemory('k')).toBeUndefined();
  });

  test('a write is acknowledged, and in its own process nobody gets what was before it', async () => {
    const one = await instance();
    await after(1, one.cache.getOrLoad('k', saying('old')));
    world.fail();
    expect(await after(1, one.cache.delete('k'))).toBe(false);
    expect(await after(1, one.cache.getOrLoad('k', saying('new')))).toBe('new');
    expect(one.coherence.waiting).toBe(1);
  });

  test('the shared tier is not asked, not even if it could answer', async () => {
    const one = await instance();
    await after(1, one.cache.set('k', 'there'));
    await after(1, one.cache.getOrLoad('other', saying('v')));
    one.bus.listener?.lost('away');
    await world.time.advance(500);
    expect(await after(1, one.cache.answer('k', saying('loaded')))).toEqual({ value: 'loaded', source: 'loader' });
  });
});

describe('after an outage', () => {
  test('what was written meanwhile is invalidated in the tier, before it is read again', async () => {
    const [one, other] = [await instance(), await instance()];
    await after(1, one.cache.set('k', 'old'));
    world.fail();
    await after(1, one.cache.delete('k'));
    world.recover(() => 50);
    await world.time.advance(60);
    expect(one.coherence.waiting).toBe(0);
    expect(await after(1, other.cache.answer('k', saying('new')))).toEqual({ value: 'new', source: 'loader' });
  });

  test('the tier is read again only when the others have had time for that, too', async () => {
    const one = await instance();
    await after(1, one.cache.getOrLoad('k', saying('there')));
    world.fail();
    await world.time.advance(10);
    world.recover();
    await world.time.advance(99);
    expect(await after(0, one.cache.get('k'))).toBeUndefined();
    await world.time.advance(1);
    expect(await after(0, one.cache.get('k'))).toBe('there');
  });

  test('what was invalidated shortly before it is invalidated again: a server that took over may not know', async () => {
    const [one, other] = [await instance(), await instance()];
    await after(1, one.cache.set('k', 'old'));
    await after(1, one.cache.delete('k'));
    await after(1, one.cache.set('long ago', 'kept'));
    world.fail();
    // The replica that takes over has not seen the invalidation.
    await world.tier.put([{ key: 's/k', bytes: Buffer.from('resurrected'), ttlMs: 60_000 }]);
    world.recover();
    await world.time.advance(150);
    expect(await after(0, other.cache.answer('k', saying('new')))).toMatchObject({ source: 'loader' });
  });

  test('everything in memory is asked for again', async () => {
    const [one, other] = [await instance(), await instance()];
    await after(1, one.cache.getOrLoad('k', saying('old')));
    world.fail();
    await world.time.advance(10);
    world.recover();
    await world.time.advance(0);
    expect(one.cache.getInMemory('k')).toBeUndefined();
    expect(other.coherence.state).toBe('joined');
    expect(events).toContain('distrusted');
  });
});

describe('a word that is lost', () => {
  test('is noticed, and everything in memory is asked for again; the tier is still right', async () => {
    const [one, other] = [await instance(), await instance()];
    await after(1, one.cache.getOrLoad('k', saying('old')));
    await after(1, other.cache.get('k'));
    await after(1, one.cache.getOrLoad('untouched', saying('u')));
    await after(1, other.cache.get('untouched'));
    other.bus.dropNext = 1;
    await after(1, one.cache.delete('k'));
    await settled();
    expect(other.cache.getInMemory('k')).toBeUndefined();
    expect(await after(0, other.cache.answer('untouched', saying('loaded')))).toEqual({ value: 'u', source: 'shared' });
    expect(events).toContain('lost gap');
  });

  test('that nobody here understands counts as one about everything', async () => {
    const one = await instance();
    await after(1, one.cache.getOrLoad('k', saying('v')));
    one.bus.listener?.heard('{"from":"the future"}');
    expect(one.cache.getInMemory('k')).toBeUndefined();
  });
});

test('a word about a whole space may stand for keys that did not exist before: what is known of keys is asked for anew', async () => {
  const told: string[] = [];
  const knownKeys = { mightExist: () => true, add: (key: string) => void told.push(`add ${key}`), distrust: () => void told.push('distrust') };
  const one = await instance();
  await world.instance<string | undefined>({ policy, knownKeys }, { ...times, listener });
  await world.time.advance(1);
  told.length = 0;
  events.length = 0;
  await after(1, one.cache.delete('k'));
  await after(1, one.cache.clear());
  expect(told).toEqual(['add k', 'distrust']);
  expect(events).toEqual(['distrusted']);
});

describe('an invalidation that fails while all else is well', () => {
  test('is tried until it is made, and until then the tier is not read for that key', async () => {
    const [one, other] = [await instance(), await instance()];
    await after(1, one.cache.set('k', 'old'));
    world.isUp = false;
    expect(await after(1, one.cache.delete('k'))).toBe(false);
    world.isUp = true;
    expect(await after(1, one.cache.answer('k', saying('new')))).toMatchObject({ source: 'loader' });
    await world.time.advance(100);
    expect(one.coherence.waiting).toBe(0);
    expect(events).toContain('failed 1');
    expect(await after(1, other.cache.get('k'))).toBeUndefined();
  });

  test('too many of them become one about the whole space', async () => {
    const [one, other] = [await instance(), await instance()];
    await after(1, one.cache.set('k1', 'there'));
    await after(1, other.cache.get('k1'));
    world.isUp = false;
    const keys = Array.from({ length: 100_001 }, (_, i) => `k${i}`);
    await after(1, one.cache.delete(...keys));
    expect(one.coherence.waiting).toBe(1);
    world.isUp = true;
    await world.time.advance(100);
    expect(await after(1, one.cache.get('k1'))).toBeUndefined();
    expect(await after(1, other.cache.get('k1'))).toBeUndefined();
  });
});

test('after close nothing is tried any more', async () => {
  const one = await instance();
  world.isUp = false;
  await after(1, one.cache.delete('k'));
  await one.coherence.close();
  expect(world.time.pending).toEqual([]);
});
