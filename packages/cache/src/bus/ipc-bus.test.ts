import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { until } from '@midgard/test-services';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BusNotes } from '../test/bus-notes.ts';
import { IpcBus } from './ipc-bus.ts';
import { processPort, threadPort, type IpcPort } from './ipc-port.ts';
import { relayInvalidations } from './ipc-relay.ts';

const timeout = 60_000;
const program = fileURLToPath(new URL('../test/ipc-worker.ts', import.meta.url));

interface WorkerOfTest {
  readonly child: ChildProcess;
  readonly notes: string[];
}

function workerOfTest(): WorkerOfTest {
  const child = fork(program, { execArgv: ['--conditions=@midgard/source'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const notes: string[] = [];
  child.on('message', (message: { readonly note?: string }) => void (message.note !== undefined && notes.push(message.note)));
  return { child, notes };
}

describe('between processes', () => {
  test('each hears the others and not himself; who was started anew hears from when he has joined', { timeout }, async () => {
    const [a, b, c] = [workerOfTest(), workerOfTest(), workerOfTest()];
    const relay = relayInvalidations([a, b].map(({ child }) => processPort(child)));
    await until(() => a.notes.includes('joined') && b.notes.includes('joined'));
    a.child.send({ say: 'one' });
    await until(() => a.notes.includes('said one') && b.notes.includes('heard one'));

    relay.add(processPort(c.child));
    await until(() => c.notes.includes('joined'));
    b.child.kill('SIGKILL');
    await once(b.child, 'exit');
    a.child.send({ say: 'two' });
    await until(() => a.notes.includes('said two') && c.notes.includes('heard two'));

    const again = workerOfTest();
    relay.add(processPort(again.child));
    await until(() => again.notes.includes('joined'));
    c.child.send({ say: 'three' });
    await until(() => again.notes.includes('heard three') && a.notes.includes('heard three'));
    expect(again.notes).toEqual(['joined', 'heard three']);
    expect(a.notes).toEqual(['joined', 'said one', 'said two', 'heard three']);
  });

  test('a word is confirmed only once it is on its way to all others', { timeout }, async () => {
    const [a, b] = [workerOfTest(), workerOfTest()];
    relayInvalidations([processPort(a.child), processPort(b.child)]);
    await until(() => a.notes.includes('joined') && b.notes.includes('joined'));
    for (let i = 0; i < 200; i += 1) a.child.send({ say: `${i}` });
    await until(() => b.notes.length === 201);
    expect(b.notes.slice(1)).toEqual(Array.from({ length: 200 }, (_, i) => `heard ${i}`));
  });

  test('nobody has joined where nobody relays, and nothing is said', { timeout }, async () => {
    const { child, notes } = workerOfTest();
    child.send({ say: 'x' });
    await until(() => notes.includes('not said x'));
    expect(notes).toEqual(['not said x']);
  });
});

/** Instances of this process, joined as threads are. */
function threadsOfTest(count: number) {
  const channels = Array.from({ length: count }, () => new MessageChannel());
  onTestFinished(() => {
    for (const { port1 } of channels) port1.close();
  });
  const relay = relayInvalidations(channels.map(({ port1 }) => threadPort(port1)));
  const buses = channels.map(({ port2 }) => ({ bus: new IpcBus({ port: threadPort(port2) }), notes: new BusNotes() }));
  return { relay, channels, buses };
}

describe('between threads', () => {
  test('each hears the others, until he is closed', async () => {
    const { buses } = threadsOfTest(3);
    await Promise.all(buses.map(({ bus, notes }) => bus.start(notes)));
    await until(() => buses.every(({ notes }) => notes.isJoined));
    await buses[0]!.bus.publish('one');
    await until(() => buses[1]!.notes.words.length === 1 && buses[2]!.notes.words.length === 1);
    await buses[2]!.bus.close();
    await buses[0]!.bus.publish('two');
    await until(() => buses[1]!.notes.words.length === 2);
    expect(buses.map(({ notes }) => notes.said)).toEqual([['joined'], ['joined', 'one', 'two'], ['joined', 'one']]);
    await expect(buses[2]!.bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    await expect(buses[0]!.bus.start(new BusNotes())).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
  });

  test('who loses the relay is told, and what he had to say fails', async () => {
    const { buses, channels } = threadsOfTest(2);
    await Promise.all(buses.map(({ bus, notes }) => bus.start(notes)));
    await until(() => buses.every(({ notes }) => notes.isJoined));
    channels[0]!.port1.close();
    await until(() => buses[0]!.notes.said.includes('lost away'));
    await expect(buses[0]!.bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
    expect(buses[1]!.notes.said).toEqual(['joined']);
  });
});

/** A port whose other end is the test. */
function handPort() {
  const listeners: ((message: unknown) => void)[] = [];
  const port: IpcPort = { send: () => undefined, onMessage: (listener) => void listeners.push(listener), onClose: () => undefined, leave: () => undefined };
  return { port, hear: (message: unknown) => listeners.forEach((listener) => listener(message)) };
}

test('a relay that does not answer is not believed to have said it', async () => {
  const { port, hear } = handPort();
  const bus = new IpcBus({ port, timeoutMs: 5 });
  const notes = new BusNotes();
  await bus.start(notes);
  hear({ 'midgard.cache.bus': { kind: 'joined' } });
  await expect(bus.publish('x')).rejects.toMatchObject({ code: 'ERR_CACHE_BUS' });
});

test('messages of others on the same channel are let be', async () => {
  const { port, hear } = handPort();
  const bus = new IpcBus({ port });
  const notes = new BusNotes();
  await bus.start(notes);
  for (const other of [null, 'text', 1, {}, { kind: 'joined' }, { 'midgard.cache.bus': 7 }, { 'midgard.cache.bus': { kind: 'word' } }]) hear(other);
  expect(notes.said).toEqual([]);
});

test('a time-out that makes no sense is refused', () => {
  expect(() => new IpcBus({ port: handPort().port, timeoutMs: 0 })).toThrow(expect.objectContaining({ code: 'ERR_CACHE_OPTIONS' }));
});
