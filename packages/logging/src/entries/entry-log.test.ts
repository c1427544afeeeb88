import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger, EntryLog, type EntryLogOptions, LogControl, type RequestEntry } from '../index.ts';
import { captured } from '../test/captured.ts';

const good: RequestEntry = { transport: 'tcp', game: 'realm', operation: 'player.get', code: 0, durationMs: 1 };
const at = Date.UTC(2026, 0, 31, 12);

function open(settings: ConstructorParameters<typeof LogControl>[0] = {}, options: Partial<EntryLogOptions> = {}) {
  const destination = captured();
  const control = new LogControl(settings);
  return { ...destination, control, log: new EntryLog({ name: 'test', control, destination, clock: { now: () => at }, ...options }) };
}

describe('a request', () => {
  test('is one line with all that is known of it', () => {
    const { log, entries } = open();
    const known = {
      ...good,
      receivedBytes: 40,
      sentBytes: 312,
      subject: 'service:a',
      address: '10.0.0.1',
      requestId: '7',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    };
    log.request({ ...known, durationMs: 1.23456 });
    expect(entries()).toEqual([
      { level: 'info', stream: 'request', time: '2026-01-31T12:00:00.000Z', name: 'test', ...known, durationMs: 1.235, msg: 'request' },
    ]);
  });

  test('that was refused is a warning', () => {
    const { log, entries } = open();
    log.request({ ...good, code: 3004 });
    expect(entries()).toMatchObject([{ level: 'warn', stream: 'request', code: 3004 }]);
  });

  test('that was slow has a second line, with its stages', () => {
    const { log, entries } = open({ slowMs: 100 });
    log.request({ ...good, durationMs: 99.9, stages: { handler: 99 } });
    log.request({ ...good, durationMs: 100, code: 1004, requestId: 'r', stages: { decode: 0.1, 'database\n': 98.76543 } });
    expect(entries('performance')).toMatchObject([
      { level: 'warn', durationMs: 100, code: 1004, requestId: 'r', slowMs: 100, stages: { decode: 0.1, 'database\n': 98.765 }, msg: 'slow request' },
    ]);
    expect(entries('request')).toHaveLength(2);
  });

  test('says what pino would have said, without secrets and in one line, whatever its texts hold', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'mdg_dev_abc123_hunter2hunter2',
        'Bearer hunter2hunter2',
        'a\u202Eb\n\u009B',
        '::1',
        'eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2',
      ),
    );
    fc.assert(
      fc.property(text, text, text, text, (subject, address, requestId, traceId) => {
        const { log, entries, lines } = open();
        const entry = { ...good, subject, address, requestId, traceId };
        log.request(entry);
        // From what is remembered.
        log.request(entry);
        const destination = captured();
        createLogger({ name: 'test', destination, clock: { now: () => at } }).info(entry, 'request');
        expect(entries()[0]).toEqual({ ...destination.entries()[0], stream: 'request' });
        expect(lines[1]).toBe(lines[0]);
        expect(lines[0]?.slice(0, -1)).not.toMatch(/hunter2|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });

  test('is told by the time of the clock, milliseconds and all', () => {
    fc.assert(
      fc.property(fc.array(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })), (dates) => {
        let now = 0;
        const { log, entries } = open({}, { clock: { now: () => now } });
        for (const date of dates) {
          now = date.getTime();
          log.request(good);
        }
        expect(entries().map(({ time }) => time)).toEqual(dates.map((date) => date.toISOString()));
      }),
    );
  });
});

describe('sampling', () => {
  test('good requests only: refused and slow ones are always written', () => {
    const { log, entries } = open({ successRate: 0, slowMs: 100 });
    log.request(good);
    log.request({ ...good, code: 2001 });
    log.request({ ...good, durationMs: 100 });
    expect(entries().map(({ stream, code, sampleRate }) => [stream, code, sampleRate])).toEqual([
      ['request', 2001, undefined],
      ['request', 0, undefined],
      ['performance', 0, undefined],
    ]);
  });

  test('of refusals that come in crowds, too, and of no others', () => {
    const drawn = [0.24, 0.25];
    const { log, entries } = open({ successRate: 0.25, slowMs: 100 }, { crowdCodes: [1005], random: () => drawn.shift() ?? expect.unreachable() });
    for (const operation of ['written', 'no']) log.request({ ...good, operation, code: 1005 });
    log.request({ ...good, operation: 'slow', code: 1005, durationMs: 100 });
    log.request({ ...good, operation: 'other', code: 1001 });
    expect(entries('request').map(({ operation, level, sampleRate }) => [operation, level, sampleRate])).toEqual([
      ['written', 'warn', 0.25],
      ['slow', 'warn', undefined],
      ['other', 'warn', undefined],
    ]);
  });

  test('a line says of how many it stands for one, and the rate can be changed', () => {
    const drawn = [0.24, 0.25, 0.9];
    const { log, entries, control } = open({ successRate: 0.25 }, { random: () => drawn.shift() ?? expect.unreachable() });
    for (const operation of ['written', 'no', 'no']) log.request({ ...good, operation });
    control.set({ successRate: 1 });
    log.request({ ...good, operation: 'all' });
    expect(entries().map(({ operation, sampleRate }) => [operation, sampleRate])).toEqual([
      ['written', 0.25],
      ['all', undefined],
    ]);
  });

  test('whoever sees a trace decides alike, and what is in a small sample is in a larger one', () => {
    const traces = Array.from({ length: 2000 }, (_, n) => n.toString(16).padStart(32, '0'));
    const sampled = (successRate: number): unknown[] => {
      const { log, entries } = open({ successRate });
      for (const traceId of traces) log.request({ ...good, traceId });
      return entries().map(({ traceId }) => traceId);
    };
    const [tenth, again, half] = [sampled(0.1), sampled(0.1), sampled(0.5)];
    expect(tenth).toEqual(again);
    expect(half).toEqual(expect.arrayContaining(tenth));
    expect(tenth.length > 150 && tenth.length < 250 && half.length > 900 && half.length < 1100, `${tenth.length} and ${half.length} of 2000`).toBe(true);
  });
});

test('an audit entry is mirrored without secrets, whatever the level; silent is silent', () => {
  const counted: string[] = [];
  const { log, entries, control } = open({ level: 'error' }, { onLine: (stream, level) => void counted.push(`${stream} ${level}`) });
  const entry = { scope: 'service', operation: 'key.create', actor: 'cli:me', actorKind: 'service', entity: 'api_key', subject: 'k1', outcome: 0 };
  log.audit({ ...entry, changes: { after: { role: 'web', secret: 'hunter2' } } });
  expect(entries()).toEqual([
    {
      level: 'info',
      stream: 'audit',
      time: '2026-01-31T12:00:00.000Z',
      name: 'test',
      ...entry,
      changes: { after: { role: 'web', secret: '[redacted]' } },
      msg: 'audit',
    },
  ]);
  control.set({ level: 'silent' });
  log.audit(entry);
  log.request({ ...good, code: 1, durationMs: 1e6 });
  expect(counted).toEqual(['audit info']);
});

test('lines for a terminal are readable', () => {
  const { log, lines } = open({}, { pretty: true });
  log.request({ ...good, subject: 'a\u001Bb' });
  expect(lines[0]).toMatch(/^12:00:00\.000 .*INFO .* request .*operation=/);
  expect(lines[0]).toContain('"a\\u001bb"');
});
