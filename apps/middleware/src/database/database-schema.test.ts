import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, describe as told, jsonSchemaOf } from '@midgard/config';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../config.ts';
import { configSchema } from '../config-schema.ts';
import { databaseSettings, shownUrl } from './database-options.ts';

const url = 'mysql://midgard:p%40ss%2Fw%25rd@db.example:3306/realm';
const spare = 'mysql://midgard:p%40ss%2Fw%25rd@spare.example/realm';
const oracle = 'oracle://midgard:p%40ss@one.example:1521,two.example/ORCL';
const oneOracle = 'oracle://midgard:p%40ss@one.example/ORCL';

function settingsOf(env: Readonly<Record<string, string>>): ReturnType<typeof databaseSettings> {
  return databaseSettings(readSettings(env).config, 'realm');
}

function file(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const name = path.join(folder, 'midgard.yaml');
  writeFileSync(name, text);
  return name;
}

/** What a person reads who set this up wrongly. */
function complaint(env: Readonly<Record<string, string>>): string {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof ConfigError) return told(error);
    throw error;
  }
  return '';
}

const everything = {
  url,
  pool: { min: 2, max: 20, acquireTimeoutMs: 900, idleTimeoutMs: 30_000, maxLifetimeMs: 600_000 },
  standbys: [spare],
  replicas: [{ url: spare, weight: 0.5 }, { url }],
  maxLagMs: 2000,
  timeoutMs: 3000,
  slowQueryMs: 50,
  migrations: { folder: 'migrations', atStart: false },
};

describe('the database of a game', () => {
  test('is set up by variables alone, lists of URLs with commas, lists of maps in one line', () => {
    expect(
      settingsOf({
        MIDGARD_DATABASES_REALM_URL: url,
        MIDGARD_DATABASES_REALM_POOL_MIN: '2',
        MIDGARD_DATABASES_REALM_POOL_MAX: '20',
        MIDGARD_DATABASES_REALM_POOL_ACQUIRE_TIMEOUT_MS: '900',
        MIDGARD_DATABASES_REALM_POOL_IDLE_TIMEOUT_MS: '30000',
        MIDGARD_DATABASES_REALM_POOL_MAX_LIFETIME_MS: '600000',
        MIDGARD_DATABASES_REALM_STANDBYS: spare,
        MIDGARD_DATABASES_REALM_REPLICAS: `[{url: '${spare}', weight: 0.5}, {url: '${url}'}]`,
        MIDGARD_DATABASES_REALM_MAX_LAG_MS: '2000',
        MIDGARD_DATABASES_REALM_TIMEOUT_MS: '3000',
        MIDGARD_DATABASES_REALM_SLOW_QUERY_MS: '50',
        MIDGARD_DATABASES_REALM_MIGRATIONS_FOLDER: 'migrations',
        MIDGARD_DATABASES_REALM_MIGRATIONS_AT_START: 'false',
      }),
    ).toEqual(everything);
    expect(settingsOf({ MIDGARD_DATABASES_REALM_URL: url, MIDGARD_DATABASES_REALM_STANDBYS: `${spare}, ${url}` }).standbys).toEqual([spare, url]);
  });

  test('is set up by the file, of which a variable changes one key', () => {
    const config = file(`databases:\n  realm: ${JSON.stringify(everything)}\n`);
    expect(settingsOf({ MIDGARD_CONFIG: config })).toEqual(everything);
    const changed = settingsOf({ MIDGARD_CONFIG: config, MIDGARD_DATABASES_REALM_POOL_MAX: '4' });
    expect(changed).toEqual({ ...everything, pool: { ...everything.pool, max: 4 } });
  });

  test('is a file in the data folder where nothing is said, and its slow statements are logged, too', () => {
    expect(settingsOf({ MIDGARD_DATA_DIR: 'there' })).toEqual({ url: 'sqlite:there/realm.db', slowQueryMs: 200, migrations: { atStart: true } });
  });

  test.each([
    ['sqlite with a pool', { URL: 'sqlite:x.db', POOL_MAX: '3' }, 'databases.realm.pool', 'SQLite'],
    ['sqlite with replicas', { URL: 'sqlite:x.db', REPLICAS: `[{url: '${url}'}]` }, 'databases.realm.replicas', 'SQLite'],
    ['Oracle with standbys', { URL: oracle, STANDBYS: oneOracle }, 'databases.realm.standbys', 'hosts in the URL'],
    ['Oracle with replicas', { URL: oracle, REPLICAS: `[{url: '${oracle}'}]` }, 'databases.realm.replicas', 'hosts in the URL'],
    ['Oracle with a lag', { URL: oracle, MAX_LAG_MS: '3' }, 'databases.realm.maxLagMs', 'hosts in the URL'],
    ['a standby of another kind', { URL: url, STANDBYS: `${spare},${oneOracle}` }, 'databases.realm.standbys[1]', 'mysql://'],
    ['a replica of another kind', { URL: url, REPLICAS: `[{url: 'sqlite:x.db'}]` }, 'databases.realm.replicas[0].url', 'mysql://'],
    ['no weight', { URL: url, REPLICAS: `[{url: '${url}', weight: 0}]` }, 'databases.realm.replicas[0].weight', 'more than 0'],
    ['a pool upside down', { URL: url, POOL_MIN: '11' }, 'databases.realm.pool.min', 'at most pool.max, which is 10'],
    ['a number that is none', { URL: url, POOL_MAX: 'many' }, 'databases.realm.pool.max', 'a number'],
    ['no URL at all', { POOL_MAX: '3' }, 'databases.realm.url', 'MIDGARD_DATABASES_REALM_URL'],
  ])('with %s is refused by the name of the field', (_, settings, field, words) => {
    const text = complaint(Object.fromEntries(Object.entries(settings).map(([name, value]) => [`MIDGARD_DATABASES_REALM_${name}`, value])));
    expect(text).toContain(`${field}: `);
    expect(text).toContain(words);
    expect(text).not.toMatch(/p%40ss|p@ss/);
  });

  test.each([
    'mysql://root:hunter2@db/',
    'mysql://root:hunter2/db',
    'mysql:root:hunter2@db/realm',
    'root:hunter2@db/realm',
    'mysql://root:hun@ter2/x@db/realm',
    'mysql://root:hunter2%@db/realm',
    'mysql://root:hunter2@db:port/realm',
    'mysql://root:hunter2@db/realm?password=hunter2',
    'postgres://root:hunter2@db/realm',
    'oracle://root:hunter2@db',
    'oracle://root:hunter2@db/a/b',
  ])('is not %s, and the complaint has no password in it', (wrong) => {
    for (const env of [
      { MIDGARD_DATABASES_REALM_URL: wrong },
      { MIDGARD_DATABASES_REALM_URL: url, MIDGARD_DATABASES_REALM_STANDBYS: wrong },
      { MIDGARD_DATABASES_REALM_URL: url, MIDGARD_DATABASES_REALM_REPLICAS: `[{url: '${wrong}'}]` },
      { MIDGARD_CONFIG: file(`databases: { realm: { url: '${wrong}' } }\n`) },
    ]) {
      expect(complaint(env)).toMatch(/databases\.realm\.(url|standbys\[0\]|replicas\[0\]\.url): /);
      expect(complaint(env)).not.toMatch(/hunter2|ter2/);
    }
  });

  test('has standbys whose passwords have no comma in a variable, and the complaint shows no half of one', () => {
    const text = complaint({ MIDGARD_DATABASES_REALM_URL: url, MIDGARD_DATABASES_REALM_STANDBYS: `${spare},mysql://root:hun,ter2,x@db/realm` });
    expect(text).toContain('databases.realm.standbys: expected a list');
    expect(text).not.toMatch(/hun|ter2/);
  });

  test('that is of no game is told, since the game would run on a file of its own', () => {
    expect(readSettings({ MIDGARD_DATABASES_RELM_URL: url }).warnings).toEqual(['databases.relm is for no game: the games are realm']);
    expect(readSettings({ MIDGARD_DATABASES_REALM_URL: url }).warnings).toEqual([]);
  });

  test("that is the service's own has no reviewed files, and says so", () => {
    const means = 'databases.midgard.migrations means nothing: the service always brings its own tables up to date';
    expect(readSettings({ MIDGARD_DATABASES_MIDGARD_URL: url, MIDGARD_DATABASES_MIDGARD_MIGRATIONS_FOLDER: 'sql' }).warnings).toEqual([means]);
    expect(readSettings({ MIDGARD_DATABASES_MIDGARD_URL: url, MIDGARD_DATABASES_MIDGARD_MIGRATIONS_AT_START: 'false' }).warnings).toEqual([means]);
    expect(readSettings({ MIDGARD_DATABASES_MIDGARD_URL: url }).warnings).toEqual([]);
  });

  test('is in the JSON Schema of the file with all its keys', () => {
    const schema = JSON.stringify(jsonSchemaOf(configSchema));
    for (const key of ['acquireTimeoutMs', 'idleTimeoutMs', 'maxLifetimeMs', 'standbys', 'replicas', 'weight', 'maxLagMs', 'slowQueryMs'])
      expect(schema).toContain(`"${key}":{`);
  });
});

test.each([
  [url, 'mysql://db.example:3306/realm'],
  [`${url}?ssl=true`, 'mysql://db.example:3306/realm'],
  [oracle, 'oracle://one.example:1521,two.example/ORCL'],
  ['mysql://db.example/realm', 'mysql://db.example/realm'],
  ['sqlite:data/a@b//c?.db', 'sqlite:data/a@b//c?.db'],
])('%s is shown as %s', (given, shown) => {
  expect(shownUrl(given)).toBe(shown);
});
