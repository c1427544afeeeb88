import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOracleDouble, type OracleDouble } from './start.ts';
import { missing } from './testing/connect.ts';

const run = promisify(execFile);
const file = (name: string): string => new URL(name, import.meta.url).pathname;

describe.skipIf(missing !== '')(`a process that is started with the register file${missing}`, () => {
  let double: OracleDouble;
  beforeAll(async () => {
    double = await startOracleDouble();
  });
  afterAll(() => double?.stop());

  async function rowsOf(sql: string, env: Record<string, string> = {}): Promise<unknown> {
    const { host, pathname } = new URL(double.freshSchema());
    const { stdout } = await run(process.execPath, ['--import', file('register.ts'), file('testing/which-driver.ts'), host + pathname, sql], {
      env: { ...process.env, ...env },
    });
    return JSON.parse(stdout);
  }

  test('gets the double where it imports oracledb', async () => {
    expect(await rowsOf('SELECT COUNT(*) FROM SYSTEM_RANGE(1, 3)')).toEqual([[3]]);
  });

  test('has sessions in its own time zone, as the driver makes them', async () => {
    expect(await rowsOf('SELECT EXTRACT(TIMEZONE_HOUR FROM CURRENT_TIMESTAMP) FROM DUAL', { TZ: 'Asia/Tokyo' })).toEqual([[9]]);
  });
});
