import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { realm } from '@midgard/game-realm';
import { findOracleDouble, startOracleDouble } from '@midgard/oracle-double';
import { mysqlForTests } from '@midgard/test-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateSigningKey } from '@midgard/auth';
import { makeSecrets } from './secrets.ts';
import { recordSession } from './testing/same-answers/record-session.ts';
import { StoryClock } from './testing/same-answers/story.ts';
import type { Line } from './testing/same-answers/transcript.ts';
import { ServiceProcess } from './testing/service-process.ts';

const timeout = 120_000;
/** Each session waits for its database most of the time. */
const sideBySide = { concurrent: true };
const fixedWorld = new URL('testing/same-answers/fixed-world.ts', import.meta.url).href;
const folder = mkdtempSync(path.join(tmpdir(), 'midgard-same-answers-'));
const secrets = makeSecrets();
const signingKey = JSON.stringify(await generateSigningKey());

const mysql = await mysqlForTests();
const noMysql = 'missing' in mysql ? `: ${mysql.missing}` : '';
const double = findOracleDouble() === undefined ? undefined : await startOracleDouble();
const noOracle = double === undefined ? ': java, javac or h2.jar is missing' : '';
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  if ('url' in mysql) await mysql.remove();
  await double?.stop();
});

/** The zone of the service's process must not matter, so it is a strange one. */
const strangeZone = 'Asia/Kathmandu';

/** The service as it is, on that database; time and randomness alone are given. */
async function sessionOn(
  name: string,
  url: string,
  { imports = [], timeZone = strangeZone }: { readonly imports?: readonly string[]; readonly timeZone?: string } = {},
): Promise<readonly Line[]> {
  const clockFile = path.join(folder, name);
  const clock = new StoryClock(clockFile);
  const env = {
    MIDGARD_DATABASES_REALM_URL: url,
    MIDGARD_TEST_CLOCK: clockFile,
    MIDGARD_AUTH_KEY_PEPPER: secrets.keyPepper,
    MIDGARD_AUTH_SIGNING_KEY: signingKey,
    MIDGARD_AUTH_CURSOR_SECRET: secrets.cursorSecret,
    TZ: timeZone,
  };
  await using service = new ServiceProcess(env, { imports: [fixedWorld, ...imports] });
  return await recordSession(service, clock);
}

describe('one session with Realm', { timeout }, () => {
  let onSqlite: readonly Line[] = [];
  beforeAll(async () => {
    onSqlite = await sessionOn('sqlite', 'sqlite:data/realm.db');
  }, timeout);

  test('calls every operation over both transports, and each of them succeeds and is refused', () => {
    const asked = onSqlite.flatMap(({ question, code }) =>
      code === undefined ? [] : [`${question.split(' ', 2).join(' ')} ${code === 0 ? 'succeeds' : 'is refused'}`],
    );
    const due = realm.operations.flatMap(({ name }) => ['tcp', 'http'].flatMap((via) => [`${via} ${name} succeeds`, `${via} ${name} is refused`]));
    expect(due.filter((each) => !asked.includes(each))).toEqual([]);
  });

  test('is the same when it is repeated, so that a difference is one of the databases', sideBySide, async () => {
    expect(await sessionOn('again', 'sqlite:data/realm.db')).toEqual(onSqlite);
  });

  test.skipIf(noMysql !== '')(`is the same on MySQL or MariaDB, byte for byte${noMysql}`, sideBySide, async () => {
    const url = 'url' in mysql ? await mysql.freshDatabase() : '';
    expect(await sessionOn('mysql', url)).toEqual(onSqlite);
  });

  test.skipIf(noOracle !== '')(`is the same on Oracle's SQL, executed by H2, byte for byte${noOracle}`, sideBySide, async () => {
    const imports = [import.meta.resolve('@midgard/oracle-double/register')];
    // The double, other than the driver, reads a time in the zone of the process.
    expect(await sessionOn('oracle', double?.freshSchema() ?? '', { imports, timeZone: 'UTC' })).toEqual(onSqlite);
  });
});
