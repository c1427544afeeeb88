import { findOracleDouble, startOracleDouble } from '@midgard/oracle-double';
import doubleDriver from '@midgard/oracle-double/driver';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { daoConformance } from '../../testing/conformance.ts';
import { oracle, oracleThrough } from './dialect.ts';
import { checkOracleSql } from './test/check.ts';
import { emptySchema, realOracle } from './test/real-oracle.ts';
import { type Recorded, recording } from './test/recording.ts';

const allows = { writeSkew: 'what Oracle calls serializable is one snapshot for all reads, and a refusal to change what has changed since' };

const double = findOracleDouble() === undefined ? undefined : await startOracleDouble();
afterAll(() => double?.stop());

/** What H2 does otherwise than Oracle: these cases must fail, or the double has learnt it. */
const otherOnH2: ReadonlyMap<string, string> = new Map([
  [
    'a text as long as allowed, in characters outside of 16 bits: reads back as written, from the insert and from a get',
    'H2 counts halves of surrogate pairs as characters',
  ],
  ['text compares by code points, case-sensitively', 'H2 compares texts by units of 16 bits'],
  ['a prefix holds %, _ and the last characters of Unicode as they are', 'H2 compares texts by units of 16 bits'],
  [
    'processes in three time zones read and find what each of them wrote',
    'the double reads a TIMESTAMP that is fetched as a moment in the zone of the process',
  ],
]);

const statements = new Map<string, Recorded>();

describe.skipIf(double === undefined)(`Oracle on H2 through a double of its driver${double === undefined ? ': java, javac or h2.jar is missing' : ''}`, () => {
  const dialect = oracleThrough(async () => recording(doubleDriver, statements));
  let opened = '';
  const url = async (): Promise<string> => {
    const schema = double?.freshSchema() ?? '';
    onTestFinished(() => double?.dropSchema(schema));
    opened = schema;
    return schema;
  };
  beforeEach(({ task }) => {
    if (otherOnH2.has(task.name)) Object.assign(task, { fails: true });
  });

  daoConformance('oracle', async (options = {}) => dialect.open((await url()).slice('oracle:'.length), options), {
    otherProcesses: { url, opener: new URL('test/open-on-double.ts', import.meta.url).href },
    loseConnections: async () => double?.cut(opened),
    allows,
  });

  test('every statement that ran is one that Oracle takes', { timeout: 300_000 }, () => {
    expect(statements.size).toBeGreaterThan(100);
    const findings = [...statements.values()].flatMap(({ text, isHandWritten }) =>
      checkOracleSql(text, { isHandWritten }).map((finding) => ({ text, ...finding })),
    );
    expect(findings).toEqual([]);
  });
});

if (realOracle === undefined) process.stdout.write('not verified on Oracle Database: MIDGARD_TEST_ORACLE_URL is not set\n');
else {
  const url = realOracle;
  const empty = async (): Promise<string> => {
    await emptySchema(url);
    return url;
  };
  describe('Oracle Database', () =>
    daoConformance('oracle', async (options = {}) => oracle.open((await empty()).slice('oracle:'.length), options), {
      otherProcesses: { url: empty },
      allows,
    }));
}
