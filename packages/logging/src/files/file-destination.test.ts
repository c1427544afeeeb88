import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createLogger, EntryLog, FileDestination, type FileDestinationOptions, type LogTrouble, LogControl } from '../index.ts';
import { captured } from '../test/captured.ts';
import { LogFolder } from '../test/log-folder.ts';

const threadModule = new URL('../test/breaking-thread.ts', import.meta.url);

/** A log in a folder, with all that it told. */
function open(folder: LogFolder, options: Partial<FileDestinationOptions> = {}) {
  const troubles: LogTrouble[] = [];
  const dropped = new Map<string, number>();
  const emergency = captured();
  const files = new FileDestination({
    folder: folder.path,
    prefix: 'test-0',
    report: (trouble) => void troubles.push(trouble),
    onDropped: (lines, reason) => void dropped.set(reason, (dropped.get(reason) ?? 0) + lines),
    emergency,
    ...options,
  });
  const control = new LogControl({ level: 'debug' });
  return { files, troubles, dropped, emergency, log: createLogger({ name: 'test', control, destination: files }), control };
}

describe('files', () => {
  test('each stream has its own, with its lines whole and in order', async () => {
    using folder = new LogFolder();
    const { files, log, control, troubles } = open(folder);
    const entries = new EntryLog({ name: 'test', control, destination: files });
    for (let n = 0; n < 2000; n += 1) {
      log.info({ n }, `line ${n} äöü€🐉`);
      entries.request({ transport: 'tcp', game: 'realm', operation: 'player.get', code: 0, durationMs: n });
    }
    log.error({ err: new Error('boom') }, 'failed');
    entries.audit({ scope: 'service', operation: 'key.create', actor: 'me', actorKind: 'service', entity: 'api_key', subject: 'k', outcome: 0 });
    await files.close();
    expect(folder.messages('service')).toEqual(Array.from({ length: 2000 }, (_, n) => `line ${n} äöü€🐉`));
    expect(folder.lines('request').map((line) => JSON.parse(line).durationMs)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(folder.lines('performance')).toHaveLength(1000);
    expect([folder.messages('error'), folder.messages('audit')]).toEqual([['failed'], ['audit']]);
    expect(folder.files('service')[0]).toMatch(/^test-0-service\.\d{4}-\d\d-\d\d\.1\.log$/);
    expect(troubles).toEqual([]);
  });

  test('are rotated by size, and the oldest go when there are too many', async () => {
    using folder = new LogFolder();
    const { files, log } = open(folder, { maxBytes: 2000, maxFiles: 3 });
    for (let n = 0; n < 40; n += 1) {
      log.info({ text: 'x'.repeat(500) }, String(n));
      files.flushSync();
    }
    await files.close();
    const messages = folder.messages('service');
    expect(messages.length >= 8 && messages.length < 16, `${messages.length} lines are kept`).toBe(true);
    expect(messages).toEqual(Array.from({ length: messages.length }, (_, n) => String(40 - messages.length + n)));
    expect(folder.files('service').length).toBeLessThanOrEqual(3);
    for (const name of folder.files('service')) expect(folder.text(name).length).toBeLessThan(2000 + 700 * 2);
  });

  test('of the same day are continued, and half a line that a killed process left is ended', async () => {
    using folder = new LogFolder();
    const first = open(folder);
    first.log.info({}, 'first');
    await first.files.close();
    const [name = ''] = folder.files('service');
    appendFileSync(path.join(folder.path, name), '{"level":"info","stre');
    const second = open(folder);
    second.log.info({}, 'second');
    await second.files.close();
    expect(folder.files('service')).toEqual([name]);
    const lines = folder.text(name).split('\n');
    expect(lines).toEqual([expect.stringContaining('"first"'), '{"level":"info","stre', expect.stringContaining('"second"'), '']);
  });

  test('cannot be where no folder can be, nor with settings that mean nothing', () => {
    using folder = new LogFolder();
    writeFileSync(path.join(folder.path, 'file'), '');
    const code = (options: Partial<FileDestinationOptions>): unknown => {
      try {
        open(folder, options);
      } catch (error) {
        return Reflect.get(Object(error), 'code');
      }
      return undefined;
    };
    expect(code({ folder: path.join(folder.path, 'file', 'logs') })).toBe('ERR_LOG_FOLDER');
    const faulty: readonly Partial<FileDestinationOptions>[] = [
      { folder: '' },
      { prefix: '../x' },
      { maxBytes: 1 },
      { keepDays: 0 },
      { maxFiles: 1 },
      { maxPending: 1 },
    ];
    expect(faulty.map(code)).toEqual(faulty.map(() => 'ERR_LOG_OPTIONS'));
  });
});

describe('a fatal line', () => {
  test('is in its file and on standard error when fatal() returns, and all lines before it are in theirs', async () => {
    using folder = new LogFolder();
    const { files, log, emergency } = open(folder);
    for (let n = 0; n < 500; n += 1) log.info({ n }, 'before');
    log.fatal({}, 'the end');
    expect([folder.messages('service').length, folder.messages('error'), emergency.entries().map(({ msg }) => msg)]).toEqual([500, ['the end'], ['the end']]);
    await files.close();
  });

  test('and any line after the files are closed goes to standard error', async () => {
    using folder = new LogFolder();
    const { files, log, emergency } = open(folder);
    await files.close();
    log.info({}, 'stopped');
    log.fatal({}, 'the end');
    expect(emergency.entries().map(({ msg }) => msg)).toEqual(['stopped', 'the end']);
    await files.close();
  });
});

describe('a thread', () => {
  test('that dies is told once and followed by another; what it had is counted, what comes meanwhile waits, errors also go to standard error', async () => {
    using folder = new LogFolder();
    const restarts: (() => void)[] = [];
    const delays: number[] = [];
    const timers = { after: (delayMs: number, callback: () => void) => (delays.push(delayMs), restarts.push(callback), () => undefined) };
    const { files, log, troubles, dropped, emergency } = open(folder, { threadModule, timers, clock: { now: () => 0 } });
    log.info({}, 'before');
    files.flushSync();
    log.info({}, 'die');
    await expect.poll(() => restarts.length).toBe(1);
    expect(troubles).toMatchObject([{ state: 'failing', reason: 'thread', error: { message: 'killed by a test' } }]);
    expect(dropped).toEqual(new Map([['thread', 1]]));
    log.info({}, 'meanwhile');
    log.error({}, 'meanwhile failed');
    expect(emergency.entries().map(({ msg }) => msg)).toEqual(['meanwhile failed']);
    restarts[0]?.();
    await expect.poll(() => troubles.length).toBe(2);
    expect(troubles[1]).toEqual({ state: 'recovered', reason: 'thread', dropped: 1 });
    log.info({}, 'die');
    await expect.poll(() => restarts.length).toBe(2);
    // It waits longer each time.
    expect(delays).toEqual([1000, 2000]);
    restarts[1]?.();
    log.info({}, 'after');
    await files.close();
    expect([folder.messages('service'), folder.messages('error')]).toEqual([['before', 'meanwhile', 'after'], ['meanwhile failed']]);
    expect(dropped).toEqual(new Map([['thread', 2]]));
  });

  test('that cannot keep up holds nobody up: a bounded memory waits for it, the rest is dropped, counted, and told when it is over', async () => {
    using folder = new LogFolder();
    const { files, log, troubles, dropped, emergency } = open(folder, { threadModule, maxPending: 65_536 });
    log.info({}, 'stop');
    const text = 'x'.repeat(1000);
    for (let n = 0; n < 1000; n += 1) log.info({ text }, 'flood');
    log.error({ text }, 'an error in it');
    expect(troubles).toEqual([{ state: 'failing', reason: 'slow', error: undefined }]);
    expect(emergency.entries()).toHaveLength(1);
    const lost = dropped.get('slow') ?? 0;
    expect(lost > 900 && lost < 1000, `${lost} of 1001 lines are dropped`).toBe(true);
    writeFileSync(path.join(folder.path, 'go'), '');
    files.flushSync();
    await expect.poll(() => (log.info({}, 'again'), troubles.length)).toBe(2);
    expect(troubles[1]).toEqual({ state: 'recovered', reason: 'slow', dropped: dropped.get('slow') });
    await files.close();
    expect([...dropped.keys()]).toEqual(['slow']);
    const messages = folder.messages('service').filter((message) => message === 'flood');
    expect(messages.length + folder.messages('error').length + lost).toBe(1001);
  });
});
