import { describe, expect, test } from 'vitest';
import type { BusListener } from '../bus/bus.ts';
import { FakeClock } from '../test/fake-clock.ts';
import { MemoryTier } from '../tier/memory-tier.ts';
import { ChaosBus, ChaosTier, LocalHub, randomFaults, tierConformance, type BusFault, type TierFault } from './index.ts';

const failed = { code: 'ERR_CACHE_TIER' };
const value = (text: string) => ({ key: 'k', bytes: Buffer.from(text), ttlMs: 1000 });

function scripted(...faults: TierFault[]) {
  const tier = new MemoryTier();
  const slept: number[] = [];
  const chaos = new ChaosTier({
    tier,
    fault: () => faults.shift() ?? { kind: 'well' },
    sleep: (delayMs) => Promise.resolve(slept.push(delayMs)),
  });
  const textAt = async () => {
    const [record] = await tier.read(['k']);
    return record && Buffer.from(record.bytes).toString();
  };
  return { chaos, textAt, slept };
}

describe('ChaosTier', () => {
  const cases = tierConformance(() => {
    const clock = new FakeClock();
    const tier = new ChaosTier({ tier: new MemoryTier({ clock }), fault: () => ({ kind: 'well' }) });
    const pass = (timeMs: number): Promise<void> => Promise.resolve(void (clock.ms += timeMs));
    return Promise.resolve({ tier, other: tier, pass, dispose: () => tier.close() });
  });
  test.each(cases)('while all is well: $name', ({ run }) => run());

  test('a call that is refused was not made', async () => {
    const { chaos, textAt } = scripted({ kind: 'refused' });
    await expect(chaos.put([value('v')])).rejects.toMatchObject(failed);
    expect(await textAt()).toBeUndefined();
  });

  test('a call that is unanswered was made', async () => {
    const { chaos, textAt } = scripted({ kind: 'unanswered' });
    await expect(chaos.put([value('v')])).rejects.toMatchObject(failed);
    expect(await textAt()).toBe('v');
  });

  test('a late call fails, and is made after the next one', async () => {
    const { chaos, textAt } = scripted({ kind: 'late' });
    await expect(chaos.put([value('early')])).rejects.toMatchObject(failed);
    expect(await textAt()).toBeUndefined();
    await chaos.put([value('next')]);
    expect(await textAt()).toBe('early');
  });

  test('a delay comes before all else', async () => {
    const { chaos, slept } = scripted({ kind: 'well', delayMs: 7 }, { kind: 'refused', delayMs: 9 });
    await chaos.put([value('v')]);
    await expect(chaos.read(['k'])).rejects.toMatchObject(failed);
    expect(slept).toEqual([7, 9]);
  });

  test('faults at random come as often as they should', () => {
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const fault = randomFaults(random, { refused: 0.1, unanswered: 0.2, late: 0.3, delayed: 0.5, maxDelayMs: 10 });
    const faults = Array.from({ length: 10_000 }, fault);
    const share = (kind: string) => faults.filter((one) => one.kind === kind).length / faults.length;
    expect(share('refused')).toBeCloseTo(0.1, 1);
    expect(share('unanswered')).toBeCloseTo(0.2, 1);
    expect(share('late')).toBeCloseTo(0.3, 1);
    const delays = faults.flatMap(({ delayMs = 0 }) => (delayMs > 0 ? [delayMs] : []));
    expect(delays.length / faults.length).toBeCloseTo(0.5, 1);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10);
  });
});

function notes(): BusListener & { readonly said: string[] } {
  const said: string[] = [];
  return { said, heard: (message) => void said.push(message), lost: (cause) => void said.push(`lost ${cause}`), joined: () => void said.push('joined') };
}

describe('LocalHub', () => {
  test('everybody hears the others and not himself, until he leaves', async () => {
    const hub = new LocalHub();
    const [a, b] = [hub.bus(), hub.bus()];
    const [heardA, heardB] = [notes(), notes()];
    await a.start(heardA);
    await b.start(heardB);
    await a.publish('one');
    await b.publish('two');
    await b.close();
    await a.publish('three');
    expect(heardA.said).toEqual(['joined', 'two']);
    expect(heardB.said).toEqual(['joined', 'one']);
  });

  test('a hub that is down loses everybody, and nobody can speak', async () => {
    const hub = new LocalHub();
    const bus = hub.bus();
    const heard = notes();
    await bus.start(heard);
    hub.down();
    await expect(bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    hub.up();
    await bus.publish('x');
    expect(heard.said).toEqual(['joined', 'lost away', 'joined']);
  });
});

function chaosBus(...faults: BusFault[]) {
  const hub = new LocalHub();
  const speaker = hub.bus();
  const waiting: (() => void)[] = [];
  const bus = new ChaosBus({
    bus: hub.bus(),
    fault: () => faults.shift() ?? { kind: 'well' },
    sleep: () => new Promise<void>((resolve) => void waiting.push(resolve)),
  });
  return { hub, speaker, bus, waiting, heard: notes() };
}

describe('ChaosBus', () => {
  test('a dropped word is told as a gap', async () => {
    const { speaker, bus, heard } = chaosBus({ kind: 'dropped' });
    await bus.start(heard);
    await speaker.publish('one');
    await speaker.publish('two');
    expect(heard.said).toEqual(['joined', 'lost gap', 'joined', 'two']);
  });

  test('a delayed word is overtaken', async () => {
    const { speaker, bus, heard, waiting } = chaosBus({ kind: 'well', delayMs: 50 });
    await bus.start(heard);
    await speaker.publish('one');
    await speaker.publish('two');
    waiting[0]?.();
    await Promise.resolve();
    expect(heard.said).toEqual(['joined', 'two', 'one']);
  });

  test('speaking fails before or after it was said', async () => {
    const hub = new LocalHub();
    const heard = notes();
    await hub.bus().start(heard);
    const refusals = ['before', 'after'] as const;
    const bus = new ChaosBus({ bus: hub.bus(), fault: () => ({ kind: 'well' }), refusal: (message) => refusals[Number(message)] ?? 'none' });
    await expect(bus.publish('0')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    await expect(bus.publish('1')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    await bus.publish('2');
    expect(heard.said).toEqual(['joined', '1', '2']);
  });

  test('a bus that is down is told once, and no gap is told meanwhile', async () => {
    const { hub, bus, heard } = chaosBus({ kind: 'dropped' });
    await bus.start(heard);
    hub.down();
    hub.up();
    expect(heard.said).toEqual(['joined', 'lost away', 'joined']);
  });
});
