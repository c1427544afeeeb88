import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import schema from '@midgard/logging/schema.json' with { type: 'json' };
import { expect, test } from 'vitest';
import { DemoLoad } from '../testing/demo-load.ts';
import { ServiceProcess } from '../testing/service-process.ts';

/** How long the load goes on; `MIDGARD_TEST_LOG_SECONDS=60` is the whole of it. */
const seconds = Number(process.env['MIDGARD_TEST_LOG_SECONDS'] ?? 3);

test('every line of the log files of a service under a mixed load fits the published schema, and every stream has some', { timeout: 120_000 }, async () => {
  const fits = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
  await using service = new ServiceProcess({
    MIDGARD_LOG_LEVEL: 'debug',
    MIDGARD_LOG_FILES_DIR: 'logs',
    MIDGARD_LOG_REQUESTS_SUCCESS_RATE: '1',
    // So low that most requests are slow.
    MIDGARD_LOG_REQUESTS_SLOW_MS: '1',
    MIDGARD_TRACING_ENABLED: 'true',
    MIDGARD_TRACING_ENDPOINT: 'http://127.0.0.1:9/v1/traces',
    MIDGARD_TRACING_SAMPLE_RATIO: '1',
  });
  const started = await service.start();
  const load = await DemoLoad.prepare(started);
  load.start();
  await sleep(seconds * 1000);
  await load[Symbol.asyncDispose]();
  expect(await service.end('SIGTERM')).toBe(0);
  const folder = path.join(service.folder, 'logs');
  const lines = readdirSync(folder).flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
  const bad = lines.filter((line) => !fits(JSON.parse(line)));
  expect(bad.slice(0, 5)).toEqual([]);
  const streams = new Set(lines.map((line) => /"stream":"(\w+)"/.exec(line)?.[1]));
  expect([...streams]).toEqual(expect.arrayContaining(['audit', 'performance', 'request', 'service']));
  const ofRequests = lines.filter((line) => line.includes('"stream":"request"'));
  expect(ofRequests.length).toBeGreaterThan(50);
  expect(ofRequests.every((line) => /"traceId":"[\da-f]{32}"/.test(line))).toBe(true);
});
