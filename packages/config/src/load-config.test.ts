import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, type ConfigIssue, describe as tell } from './config-error.ts';
import { loadConfig, type LoadedConfig } from './load-config.ts';

const schema = z.object({
  workers: z.union([z.literal('auto'), z.int().min(1)]).default(1),
  dataDir: z.string().default('data'),
  server: z
    .object({
      tcp: z.object({ port: z.int().min(0).max(65535).default(8080), host: z.string().default('0.0.0.0') }).prefault({}),
      compression: z.array(z.enum(['zstd', 'deflate'])).default([]),
      checksum: z.boolean().default(false),
    })
    .prefault({}),
  databases: z.record(z.string(), z.object({ url: z.string(), pool: z.object({ max: z.int().default(4) }).prefault({}) })).default({}),
  games: z
    .record(z.string().regex(/^[a-z-]+$/), z.object({ enabled: z.boolean().default(true) }))
    .default({ realm: { enabled: true }, 'restart-life': { enabled: true } }),
  cache: z
    .object({
      redis: z
        .object({
          url: z
            .url({ protocol: /^rediss?$/ })
            .nullable()
            .default(null),
        })
        .prefault({}),
    })
    .prefault({}),
  auth: z.object({ pepper: z.string().min(16).optional(), apiKey: z.string().max(4).optional() }).prefault({}),
  tracing: z.object({ headers: z.record(z.string(), z.string().max(4)).default({}) }).prefault({}),
  cdn: z.object({ authValue: z.string().optional() }).prefault({}),
});

type Loaded = LoadedConfig<z.output<typeof schema>>;

function load(text: string, env: Record<string, string> = {}): Loaded {
  return loadConfig({ schema, file: 'midgard.yaml', text, env, prefix: 'MIDGARD' });
}

function issuesOf(text: string, env: Record<string, string> = {}): readonly ConfigIssue[] {
  return errorOf(text, env).issues;
}

function errorOf(text: string, env: Record<string, string> = {}): ConfigError {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('values', () => {
  test('nothing given is the defaults', () => {
    const { config, warnings, sources } = loadConfig({ schema, env: {}, prefix: 'MIDGARD' });
    expect(config).toMatchObject({ workers: 1, server: { tcp: { port: 8080 } }, games: { realm: { enabled: true } } });
    expect(warnings).toEqual([]);
    expect(sources.size).toBe(0);
  });

  test('the environment wins over the file, and each value tells where it came from', () => {
    const { config, sources } = load('server:\n  tcp:\n    port: 1\n    host: "::"\n', { MIDGARD_SERVER_TCP_PORT: '2' });
    expect(config.server.tcp).toEqual({ port: 2, host: '::' });
    expect(Object.fromEntries(sources)).toEqual({
      'server.tcp.port': { kind: 'env', name: 'MIDGARD_SERVER_TCP_PORT' },
      'server.tcp.host': { kind: 'file', file: 'midgard.yaml', line: 4, column: 5 },
    });
  });

  test('a file without any content is the defaults', () => {
    expect(load('').config.workers).toBe(1);
    expect(load('# nothing yet\n').config.workers).toBe(1);
  });

  test('merge keys and anchors work', () => {
    const { config } = load('databases:\n  a: &a\n    url: sqlite:a\n    pool: { max: 9 }\n  b:\n    <<: *a\n    url: sqlite:b\n');
    expect(config.databases['b']).toEqual({ url: 'sqlite:b', pool: { max: 9 } });
  });

  test.each<[string, string, (config: Loaded['config']) => unknown, unknown]>([
    ['MIDGARD_DATA_DIR', '/srv', (config) => config.dataDir, '/srv'],
    ['MIDGARD_DATABASES_REALM_URL', 'sqlite:x', (config) => config.databases['realm']?.url, 'sqlite:x'],
    ['MIDGARD_DATABASES_RESTART_LIFE_POOL_MAX', '7', (config) => config.databases['restart-life']?.pool.max, undefined],
    ['MIDGARD_CACHE_REDIS_URL', 'redis://r:6379', (config) => config.cache.redis.url, 'redis://r:6379'],
    ['MIDGARD_CACHE_REDIS_URL', '', (config) => config.cache.redis.url, null],
    ['MIDGARD_GAMES_RESTART_LIFE_ENABLED', 'off', (config) => config.games['restart-life']?.enabled, false],
    ['MIDGARD_WORKERS', 'auto', (config) => config.workers, 'auto'],
    ['MIDGARD_WORKERS', '4', (config) => config.workers, 4],
    ['MIDGARD_SERVER_COMPRESSION', 'zstd, deflate', (config) => config.server.compression, ['zstd', 'deflate']],
    ['MIDGARD_SERVER_COMPRESSION', '', (config) => config.server.compression, []],
    ['MIDGARD_SERVER_CHECKSUM', 'Yes', (config) => config.server.checksum, true],
    ['MIDGARD_SERVER', '{tcp: {port: 5}}', (config) => config.server.tcp.port, 5],
    ['MIDGARD_DATABASES_LOG', '{url: "sqlite:log"}', (config) => config.databases['log']?.url, 'sqlite:log'],
  ])('%s=%s', (name, text, pick, expected) => {
    const extra = name.includes('POOL') ? { MIDGARD_DATABASES_RESTART_LIFE_URL: 'sqlite:y' } : undefined;
    const { config, warnings } = load('', { [name]: text, ...extra });
    expect(pick(config)).toEqual(extra === undefined ? expected : 7);
    expect(warnings).toEqual([]);
  });

  test('one key from the environment leaves the other default entries of its map', () => {
    expect(load('', { MIDGARD_GAMES_RESTART_LIFE_ENABLED: 'false' }).config.games).toEqual({ realm: { enabled: true }, 'restart-life': { enabled: false } });
  });

  test('an id of the file keeps its spelling', () => {
    const { config } = load('databases:\n  gameLog:\n    url: a\n', { MIDGARD_DATABASES_GAME_LOG_URL: 'b' });
    expect(config.databases).toMatchObject({ gameLog: { url: 'b' } });
  });

  test('a variable for one key wins over one for its map', () => {
    expect(load('', { MIDGARD_SERVER_TCP_PORT: '6', MIDGARD_SERVER: '{tcp: {port: 5, host: h}}' }).config.server.tcp).toEqual({ port: 6, host: 'h' });
  });

  test('no variable and no file reaches a prototype', () => {
    load('', { MIDGARD___PROTO___POLLUTED: '1' });
    expect(issuesOf('__proto__:\n  polluted: 1\n')).toMatchObject([{ path: '__proto__', message: 'unknown key' }]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('warnings', () => {
  test('a variable that names nothing is a warning with a hint', () => {
    expect(load('', { MIDGARD_SERVER_TPC_PORT: '1' }).warnings).toEqual(['MIDGARD_SERVER_TPC_PORT sets nothing; did you mean MIDGARD_SERVER_TCP_PORT?']);
  });

  test('what Kubernetes puts there for a service of this name is no error', () => {
    expect(load('', { MIDGARD_PORT_8080_TCP_ADDR: '10.0.0.1' }).warnings).toHaveLength(1);
  });

  test('a misspelt key of a record entry is a warning and makes no entry', () => {
    const { config, warnings } = load('', { MIDGARD_GAMES_REALM_ENABLD: 'false' });
    expect(Object.keys(config.games)).toEqual(['realm', 'restart-life']);
    expect(warnings).toEqual(['MIDGARD_GAMES_REALM_ENABLD sets nothing; did you mean MIDGARD_GAMES_REALM_ENABLED?']);
  });

  test('reserved names and names of others are left alone', () => {
    expect(load('', { MIDGARD_CONFIG: 'x', MIDGARDX: '1', PATH: '/' }).warnings).toEqual([]);
    const env = { MIDGARD_LOGO: '1', MIDGARD_TEST_URL: '1', MIDGARD_TEST: '1', MIDGARD_LOGO_SIZE: '1' };
    const { warnings } = loadConfig({ schema, env, prefix: 'MIDGARD', reserved: ['MIDGARD_LOGO', 'MIDGARD_TEST_'] });
    expect(warnings).toEqual([expect.stringMatching(/^MIDGARD_TEST sets/), expect.stringMatching(/^MIDGARD_LOGO_SIZE sets/)]);
  });
});

describe('errors', () => {
  test('all of a bad file come at once, in its order, with line, column and hint', () => {
    const text = [
      'workers: 0',
      'sever:',
      '  tcp: {}',
      'server:',
      '  tcp:',
      '    prot: 1',
      '    port: abc',
      '  compression: [zstd, defalte]',
      'databases:',
      '  realm: {}',
    ].join('\n');
    expect(errorOf(text).code).toBe('ERR_CONFIG_INVALID');
    expect(tell(errorOf(text))).toBe(
      [
        'The configuration has 6 errors:',
        '  midgard.yaml:1:1  workers: expected at least 1, found 0',
        '  midgard.yaml:2:1  sever: unknown key',
        '    did you mean server?',
        '  midgard.yaml:6:5  server.tcp.prot: unknown key',
        '    did you mean server.tcp.port?',
        '  midgard.yaml:7:5  server.tcp.port: expected a number, found "abc"',
        '  midgard.yaml:8:23  server.compression[1]: expected one of "zstd", "deflate", found "defalte"',
        '    did you mean "deflate"?',
        '  midgard.yaml:10:3  databases.realm.url: missing: expected a text',
        '    set databases.realm.url in the file or MIDGARD_DATABASES_REALM_URL in the environment',
      ].join('\n'),
    );
  });

  test('a bad value of the environment names its variable', () => {
    expect(issuesOf('server:\n  tcp:\n    port: 1\n', { MIDGARD_SERVER_TCP_PORT: '99999' })).toEqual([
      { path: 'server.tcp.port', message: 'expected at most 65535, found 99999', source: { kind: 'env', name: 'MIDGARD_SERVER_TCP_PORT' } },
    ]);
  });

  test('a key in the wrong place is told its place', () => {
    expect(issuesOf('port: 1\n')).toMatchObject([{ path: 'port', hint: 'did you mean server.tcp.port?' }]);
  });

  test('a misspelt variable is told beside what is missing', () => {
    const error = errorOf('databases: { realm: {} }', { MIDGARD_DATABASES_REALM_ULR: 'sqlite:x' });
    expect(error.warnings).toEqual(['MIDGARD_DATABASES_REALM_ULR sets nothing; did you mean MIDGARD_DATABASES_REALM_URL?']);
    expect(tell(error)).toContain('\n  note: MIDGARD_DATABASES_REALM_ULR');
  });

  test('a section left empty is told so', () => {
    expect(issuesOf('server:\n')).toMatchObject([{ path: 'server', message: 'expected a map, found an empty value', hint: expect.stringContaining('remove') }]);
  });

  test('a bad id of a record is told', () => {
    expect(issuesOf('games:\n  Realm: {}\n')).toMatchObject([
      { path: 'games.Realm', message: expect.stringMatching(/^expected another name \(.*\), found "Realm"$/), source: { line: 2, column: 3 } },
    ]);
  });

  test.each([
    ['a text', 'auth: { pepper: hunter2hunter }', {}],
    ['a number', 'auth: { apiKey: 123456789 }', {}],
    ['a variable', '', { MIDGARD_AUTH_PEPPER: 'hunter2hunter' }],
    ['a URL with a password', 'cache: { redis: { url: "http://u:a@hunter2/b@h/x" } }', {}],
    ['a URL without slashes', 'cache: { redis: { url: "u:hunter2@h/x" } }', {}],
    ['a URL without a host', 'cache: { redis: { url: "http://u:hunter2/x" } }', {}],
    ['a header', 'tracing: { headers: { authorization: 123456789 } }', {}],
    ['headers in a variable', '', { MIDGARD_TRACING_HEADERS: '{"x-honey":123456789}' }],
    ['what a CDN is shown', 'cdn: { authValue: 123456789 }', {}],
    ['broken YAML', 'auth:\n  pepper: "hunter2\n', {}],
    ['broken YAML whose fault is the secret', 'auth:\n  pepper: |hunter2\n', {}],
    ['broken YAML with stray text', 'auth:\n  pepper: "a" hunter2\n', {}],
  ])('the value of a secret never shows: %s', (_name, text, env) => {
    const error = errorOf(text, env);
    for (const shown of [tell(error), error.message, JSON.stringify(error.issues)]) {
      expect(shown).not.toMatch(/hunter2|123456789/);
    }
  });

  test('broken YAML is an issue with its position', () => {
    expect(issuesOf('server:\n  tcp: [1, 2\nworkers: 1\n')[0]).toMatchObject({
      message: expect.stringMatching(/^not valid YAML/),
      source: { kind: 'file', line: 3 },
    });
  });

  test('a key that stands twice is an issue beside the others', () => {
    expect(issuesOf('workers: 1\nworkers: 2\nfoo: 1\n')).toMatchObject([
      { message: 'this key stands twice in its map', source: { line: 2, column: 1 } },
      { path: 'foo', message: 'unknown key' },
    ]);
  });

  test('of a key that stands twice the last one is checked and named', () => {
    expect(issuesOf('workers: 1\nworkers: many\n')).toMatchObject([{ source: { line: 2 } }, { path: 'workers', source: { line: 2 } }]);
  });

  test('an unknown key of a strict object is told once', () => {
    const strict = z.strictObject({ port: z.int().default(1), inner: z.union([z.strictObject({ a: z.int() }), z.string()]).optional() });
    const read = (text: string) => () => loadConfig({ schema: strict, text, env: {}, prefix: 'X' });
    expect(read('prot: 1')).toThrow(/^invalid configuration: prot: unknown key$/);
    expect(read('inner: { a: 1, b: 2 }')).toThrow(/^invalid configuration: inner\.b: unknown key$/);
  });

  test('an unknown key of an object that may also be a text is told with a hint, strict or not', () => {
    const plain = z.object({ store: z.union([z.object({ path: z.string(), pathMode: z.int().optional() }), z.string()]) });
    const read = (text: string) => () => loadConfig({ schema: plain, text, env: {}, prefix: 'X' });
    expect(read('store: memory')).not.toThrow();
    expect(read('store: { path: x, patMode: 1 }')).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ path: 'store.patMode', hint: 'did you mean store.pathMode?' })] }),
    );
  });

  test('below a place that takes any value every key is known', () => {
    const open = z.object({
      any: z.unknown(),
      either: z.union([z.strictObject({ a: z.int() }), z.unknown()]),
      loose: z.looseObject({ a: z.int() }),
      map: z.record(z.string(), z.json()),
    });
    const given = { any: { x: { y: 1 } }, either: { b: 1 }, loose: { a: 1, b: 2 }, map: { c: { d: 3 } } };
    expect(loadConfig({ schema: open, text: JSON.stringify(given), env: {}, prefix: 'X' }).config).toEqual(given);
  });

  test.each(['- a\n- b\n', 'just text\n', '42\n'])('a file that is no map is an issue: %j', (text) => {
    expect(issuesOf(text)).toMatchObject([{ path: '(root)', source: { line: 1, column: 1 } }]);
  });

  test('aliases made to exhaust memory are an issue', () => {
    const lines = [
      'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`),
    ];
    expect(issuesOf(lines.join('\n'))).toContainEqual(expect.objectContaining({ message: expect.stringContaining('aliases') }));
  });
});

describe('files', () => {
  test('a file is read', () => {
    const file = path.join(temporary(), 'midgard.yaml');
    writeFileSync(file, 'workers: 3\n');
    expect(loadConfig({ schema, file, env: {}, prefix: 'MIDGARD' }).config.workers).toBe(3);
  });

  test('a named file that is missing is an issue that names it, and so is a folder', () => {
    const folder = temporary();
    expect(() => loadConfig({ schema, file: `${folder}/none.yaml`, env: {}, prefix: 'MIDGARD' })).toThrow(/none\.yaml does not exist/);
    expect(() => loadConfig({ schema, file: folder, env: {}, prefix: 'MIDGARD' })).toThrow(ConfigError);
  });
});
