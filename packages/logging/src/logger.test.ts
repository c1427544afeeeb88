import { describe, expect, test } from 'vitest';
import { LogControl } from './log-control.ts';
import { createLogger, type Logger, type LoggerOptions, noopLogger } from './logger.ts';

interface Captured {
  readonly log: Logger;
  readonly lines: string[];
  /** The only line, parsed. */
  readonly entry: () => Record<string, unknown>;
}

function capture(options: Partial<LoggerOptions> = {}): Captured {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'debug', destination: { write: (line) => void lines.push(line) }, ...options });
  return {
    log,
    lines,
    entry: () => {
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^[^\n]*\n$/);
      return JSON.parse(lines[0] ?? '');
    },
  };
}

describe('schema', () => {
  test('a line has level, time, name, fields and message', () => {
    const { log, entry } = capture();
    log.info({ game: 'realm', count: 2 }, 'started');
    expect(entry()).toEqual({
      level: 'info',
      stream: 'service',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      name: 'test',
      game: 'realm',
      count: 2,
      msg: 'started',
    });
  });

  test('a line of level error or fatal is in the error stream', () => {
    const { log, lines } = capture();
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]({}, level);
    expect(lines.map((line) => JSON.parse(line).stream)).toEqual(['service', 'service', 'service', 'error', 'error']);
  });

  test('only what is urgent enough is written', () => {
    const { log, lines } = capture({ level: 'warn' });
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]({}, level);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['warn', 'error', 'fatal']);
  });

  test('a child adds its fields to each line, its own field wins, and secrets in bindings are hidden', () => {
    const { log, entry } = capture();
    log.child({ game: 'realm', token: 'hunter2' }).child({ session: 's1' }).info({ game: 'other' }, 'x');
    expect(entry()).toMatchObject({ game: 'other', session: 's1', token: '[redacted]' });
  });

  test('each name stands once in a line', () => {
    const { log, lines } = capture({ context: () => ({ game: 'of the context', requestId: 'r1' }) });
    log.child({ game: 'realm', session: 's1' }).child({ session: 's2' }).info({ session: 's3' }, 'x');
    expect(lines[0]?.match(/"\w+":/g)?.toSorted()).toEqual(['"game":', '"level":', '"msg":', '"name":', '"requestId":', '"session":', '"stream":', '"time":']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ game: 'realm', session: 's3', requestId: 'r1' });
  });

  test('a map whose key is no text, and cannot be made one, is written all the same', () => {
    const { log, entry } = capture();
    log.info(
      {
        map: new Map<unknown, number>([
          [{ toString: false }, 1],
          [Symbol('s'), 2],
        ]),
      },
      'x',
    );
    expect(entry()).toMatchObject({ map: { '[unreadable]': 1, 'Symbol(s)': 2 } });
  });

  test('bigint, Date, bytes, Map, cycles and getters that throw are written as something', () => {
    const { log, entry } = capture();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const bad = Object.defineProperty({}, 'x', { enumerable: true, get: () => expect.unreachable() });
    log.info(
      { id: 9223372036854775807n, at: new Date(0), never: new Date(Number.NaN), body: Buffer.from('hunter2'), map: new Map([['a', 1n]]), cycle, bad },
      'x',
    );
    expect(entry()).toMatchObject({
      id: '9223372036854775807',
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      body: '[7 bytes]',
      map: { a: '1' },
      bad: { x: '[unreadable]' },
    });
  });

  test('objects speak for themselves: URL, Set, toJSON that throws', () => {
    const { log, entry } = capture();
    const bad = { toJSON: () => expect.unreachable() };
    log.info({ url: new URL('http://u:hunter2@host/x'), set: new Set([1n]), bad }, 'x');
    expect(entry()).toMatchObject({ url: 'http://[redacted]@host/x', set: ['1'], bad: '[unreadable]' });
  });

  test('an error whose name, stack or cause cannot be read, and a revoked proxy, are written as far as they can be', () => {
    const { log, entry } = capture();
    // The stack of such an error throws when it is first read: it is put together from the name.
    const nameless = Object.assign(new Error('told'), { name: Object.create(null) });
    const causeless = Object.defineProperty(new Error('told too'), 'cause', { get: () => expect.unreachable() });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    log.info({ nameless, causeless, list: [proxy, 1] }, 'x');
    expect(entry()).toMatchObject({
      nameless: { type: '', message: 'told', stack: '[unreadable]' },
      causeless: { type: 'Error', message: 'told too', cause: '[unreadable]' },
      list: ['[unreadable]', 1],
    });
  });

  test('a huge or densely linked value makes a bounded line', () => {
    const { log, lines } = capture();
    const nodes = Array.from({ length: 200 }, (_, id) => ({ id, links: new Array<unknown>() }));
    for (const node of nodes) node.links.push(...nodes);
    log.info({ nodes, long: Array.from({ length: 1e6 }, () => 1), err: new Error('told') }, 'x');
    expect((lines[0] ?? '').length < 100_000, 'the line is short').toBe(true);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ long: expect.arrayContaining(['[999900 more]']), err: { message: 'told' } });
  });

  test('what is cut is marked, fields of an object too', () => {
    const { log, entry, lines } = capture();
    const wide = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`f${n}`, n]));
    const spent = Array.from({ length: 100 }, () => Array.from({ length: 20 }, () => ({ leaf: 1 })));
    log.info({ wide, spent }, 'x');
    expect(entry()['wide']).toMatchObject({ f99: 99, more: '[50 more]' });
    expect(entry()['wide']).not.toHaveProperty('f100');
    // An empty object or list would say that there was nothing.
    expect(lines[0]).not.toMatch(/\{\}|\[\]/);
    expect(lines[0]?.includes('"[more]"')).toBe(true);
  });

  test('what is nested deeper than eight levels is cut', () => {
    const { log, lines } = capture();
    let nested: object = { leaf: true };
    for (let level = 0; level < 20; level += 1) nested = { nested };
    log.info(nested, 'x');
    expect(lines[0]?.match(/nested/g)).toHaveLength(8);
  });

  test('what is logged stays unchanged', () => {
    const fields = Object.freeze({ password: 'hunter2', nested: Object.freeze({ token: 'hunter2' }) });
    const { log } = capture();
    log.info(fields, 'x');
    expect(fields).toEqual({ password: 'hunter2', nested: { token: 'hunter2' } });
  });

  test('the silent one is silent, its children too', () => {
    expect(noopLogger.child({}).child({})).toBe(noopLogger);
    expect(noopLogger.info({}, 'x')).toBeUndefined();
  });
});

describe('context', () => {
  test('is asked at each line, also of children; own fields and those of the logger win, its secrets are hidden', () => {
    let requestId: string | undefined;
    const { log, lines } = capture({ context: () => (requestId === undefined ? undefined : { requestId, traceId: 't1', game: 'around', token: 'hunter2' }) });
    const ofGame = log.child({ game: 'realm' });
    ofGame.info({}, 'outside');
    requestId = 'r1';
    ofGame.info({ traceId: 'own' }, 'inside');
    requestId = 'r2';
    ofGame.info({}, 'next');
    const [outside, inside, next] = lines.map((line) => JSON.parse(line));
    expect(outside).not.toHaveProperty('requestId');
    expect(inside).toMatchObject({ requestId: 'r1', traceId: 'own', game: 'realm', token: '[redacted]' });
    expect(next).toMatchObject({ requestId: 'r2', traceId: 't1' });
  });

  test('is not asked for a line that is not written', () => {
    let asked = 0;
    const { log } = capture({ level: 'warn', context: () => ({ asked: (asked += 1) }) });
    log.info({}, 'x');
    expect(asked).toBe(0);
    log.warn({}, 'x');
    expect(asked).toBe(1);
  });
});

describe('control', () => {
  test('a level that is changed counts from the next line on, also for children made before', () => {
    const control = new LogControl({ level: 'warn' });
    const { log, lines } = capture({ control });
    const child = log.child({ game: 'realm' }).child({});
    child.debug({}, 'not yet');
    control.set({ level: 'debug' });
    child.debug({}, 'now');
    control.set({ level: 'silent' });
    child.fatal({}, 'no longer');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['now']);
  });

  test.each([{ level: 'loud' }, { successRate: 1.1 }, { successRate: Number.NaN }, { slowMs: 0 }, { slowMs: -1 }])(
    '%j is refused, and nothing has changed',
    (faulty) => {
      const control = new LogControl({ level: 'warn', successRate: 0.5, slowMs: 100 });
      const changes: object = { level: 'debug', successRate: 0, slowMs: 1, ...faulty };
      expect(() => control.set(changes)).toThrow(
        expect.objectContaining({ code: 'ERR_LOG_OPTIONS', message: expect.stringContaining(Object.keys(faulty)[0] ?? '') }),
      );
      expect(control.settings).toEqual({ level: 'warn', successRate: 0.5, slowMs: 100 });
    },
  );

  test('each written line is counted, and a fatal one waits until it is out', () => {
    const told: string[] = [];
    const destination = { write: (line: string) => void told.push(JSON.parse(line).msg), flushSync: () => void told.push('flushed') };
    const { log } = capture({ level: 'warn', destination, onLine: (stream, level) => void told.push(`${stream} ${level}`) });
    log.info({}, 'off');
    log.warn({}, 'a');
    log.fatal({}, 'b');
    log.error({}, 'c');
    expect(told).toEqual(['a', 'service warn', 'b', 'error fatal', 'flushed', 'c', 'error error']);
  });
});

describe('secrets', () => {
  test.each([
    'authorization',
    'Authorization',
    'x-api-key',
    'apiKey',
    'api_key',
    'password',
    'dbPassword',
    'token',
    'refreshToken',
    'accessTokens',
    'secret',
    'clientSecret',
    'key',
    'privateKey',
    'cookie',
    'set-cookie',
    'pepper',
    'signature',
  ])('%s is hidden at any depth', (key) => {
    const { log, entry, lines } = capture();
    log.info({ [key]: 'hunter2', a: { [key]: { deep: 'hunter2' }, list: [{ b: { c: { [key]: ['hunter2'] } } }] } }, 'x');
    expect(lines[0]).not.toContain('hunter2');
    expect(entry()).toMatchObject({ [key]: '[redacted]', a: { [key]: '[redacted]', list: [{ b: { c: { [key]: '[redacted]' } } }] } });
  });

  test.each(['tokenCount', 'cacheKey', 'idempotencyKey', 'keyId', 'player', 'secretary'])('%s is shown', (key) => {
    const { log, entry } = capture();
    log.info({ [key]: 'shown' }, 'x');
    expect(entry()[key]).toBe('shown');
  });

  test('that a secret is absent is shown', () => {
    const { log, entry } = capture();
    log.info({ token: null, password: '' }, 'x');
    expect(entry()).toMatchObject({ token: null, password: '' });
  });

  test.each([
    'mdg_dev_abc123_hunter2hunter2',
    'eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2',
    'eyJhbGciOiJFZERTQSJ9.hunter2-hunter2.',
    'https-eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2',
    'api.example.org.eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2.jpg',
    'eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2 eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2',
    'Authorization: Bearer hunter2hunter2',
    'oracle://scott:hunter2@db:1521/x',
    'mysql://u:p@hunter2@db/x',
  ])('by its form in message, field, error and stack: %s', (secret) => {
    const { log, lines } = capture();
    log.error({ text: `before ${secret} after`, err: new Error(`failed with ${secret}`, { cause: new Error(secret) }) }, `failed with ${secret}`);
    expect(lines[0]).not.toMatch(/hunter2/);
    expect(lines[0]).toContain('before ');
  });

  test.each(['version 1.2.3', 'api.example.org', 'eyJ.x.y', 'eyJhbGciOiJFZERTQSJ9.one-dot', 'player.get', '...', 'a..b'])('%s is none', (text) => {
    const { log, entry } = capture();
    log.info({ text }, 'x');
    expect(entry()['text']).toBe(text);
  });

  test('further keys can be named', () => {
    const { log, entry } = capture({ redact: ['birth-date'] });
    log.info({ player: { birthDate: '2001-01-01' } }, 'x');
    expect(entry()).toMatchObject({ player: { birthDate: '[redacted]' } });
  });
});

describe('errors', () => {
  test('keep type, message, code, own fields, stack and causes', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'ERR_DAO_TIMEOUT', entity: 'player' });
    const { log, entry } = capture();
    log.error({ err: Object.assign(new Error('outer', { cause }), { code: 1001, details: { token: 'hunter2', a: 1n } }) }, 'failed');
    expect(entry()['err']).toMatchObject({
      type: 'Error',
      message: 'outer',
      code: 1001,
      stack: expect.stringContaining('logger.test.ts'),
      details: { token: '[redacted]', a: '1' },
      cause: { type: 'TypeError', message: 'inner', code: 'ERR_DAO_TIMEOUT', entity: 'player', stack: expect.any(String) },
    });
  });

  test('a name that is a field of the error is told as its type, once', () => {
    const { log, entry } = capture();
    log.error({ err: Object.assign(new Error('x'), { name: 'DaoError' }) }, 'failed');
    expect(entry()['err']).toMatchObject({ type: 'DaoError' });
    expect(entry()['err']).not.toHaveProperty('name');
  });

  test('an error given as the fields is taken as err', () => {
    const { log, entry } = capture();
    log.error(new Error('boom'), 'failed');
    expect(entry()).toMatchObject({ err: { message: 'boom' }, msg: 'failed' });
  });

  test('causes that run in a circle end', () => {
    const error = new Error('a');
    error.cause = error;
    const { log, lines } = capture();
    log.error({ err: error }, 'failed');
    expect(lines).toHaveLength(1);
  });

  test('the errors of an AggregateError are told', () => {
    const { log, entry } = capture();
    log.error({ err: new AggregateError([new Error('one')], 'many') }, 'failed');
    expect(entry()['err']).toMatchObject({ message: 'many', errors: [{ message: 'one' }] });
  });
});

describe('injection', () => {
  const attack = 'x\n{"level":"fatal","msg":"fake"}\r\u2028\u001B[2J"';

  test('what a client wrote cannot end a line or start one', () => {
    const { log, entry } = capture();
    log.info({ player: attack, [attack]: 1 }, attack);
    expect(entry()).toMatchObject({ level: 'info', player: attack, msg: attack, [attack]: 1 });
  });

  test('no byte of it reaches a terminal that would obey it, and its meaning stays', () => {
    const { log, lines, entry } = capture();
    const signs = '\u0000\u0007\b\u001B[2J\u007F\u0085\u009B2J\u00AD\u200B\u202E\u2028\u2029\u2066\uFEFF\u{E0041}👨‍👩‍👧';
    log.child({ [`child ${signs}`]: signs }).error({ [signs]: signs, err: new Error(signs) }, signs);
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(entry()).toMatchObject({ [signs]: signs, msg: signs, [`child ${signs}`]: signs, err: { message: signs } });
  });

  test('a field cannot pose as one of the schema', () => {
    const { log, lines, entry } = capture();
    log.child({ name: 'fake' }).info({ level: 'fatal', time: 0, msg: 'fake', name: 'fake2' }, 'real');
    expect(entry()).toMatchObject({ level: 'info', name: 'test', msg: 'real', level_: 'fatal', time_: 0, msg_: 'fake' });
    expect(lines[0]?.match(/"level":/g)).toHaveLength(1);
  });

  test('a message with percent signs stays as it is', () => {
    const { log, entry } = capture();
    log.info({}, '%s %d %o 100%');
    expect(entry()['msg']).toBe('%s %d %o 100%');
  });
});

describe('a terminal', () => {
  test('gets one readable line without control characters of the input', () => {
    const { log, lines } = capture({ pretty: true });
    log.warn({ game: 'realm', text: 'a\nb\u001B[2J', n: 1 }, 'slow\nrequest');
    // eslint-disable-next-line no-control-regex -- the colours of the output are what is tested
    expect(lines[0]?.replaceAll(/\u001B\[\d+m/g, '')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN  slow\\u000arequest game=realm text="a\\nb\\u001b\[2J" n=1\n$/);
  });

  test('gets the stack and the cause of an error below the line', () => {
    const { log, lines } = capture({ pretty: true });
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines[0]).toMatch(/failed\n {2}Error: outer\n[^]*caused by\n {2}Error: inner\n/);
  });
});
