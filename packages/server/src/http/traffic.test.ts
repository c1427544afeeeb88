import { expect, test } from 'vitest';
import { noopMetrics, type HttpMeasure } from '../metrics.ts';
import type { RequestScope } from '../request/request-scope.ts';
import { until } from '../testing/harness.ts';
import { fixtureOfTest } from './testing/fixture.ts';

async function watched() {
  const answers: HttpMeasure[] = [];
  const requests: RequestScope[] = [];
  const bytes = { received: 0, sent: 0, messages: 0, dropped: 0 };
  const metrics = {
    ...noopMetrics,
    httpAnswered: (measure: HttpMeasure) => void answers.push(measure),
    requestFinished: (request: RequestScope) => void requests.push(request),
    received: (_: string, count: number, messages: number) => {
      bytes.received += count;
      bytes.messages += messages;
    },
    sent: (_: string, count: number) => void (bytes.sent += count),
    answerDropped: () => void (bytes.dropped += 1),
  };
  return { fixture: await fixtureOfTest({ metrics }), answers, requests, bytes };
}

test('every answer is told of, also of pages, probes and refusals, with methods that a client made up as one', async () => {
  const { fixture, answers } = await watched();
  await fixture.ask('GET', '//livez');
  await fixture.ask('GET', '/players/1', { headers: { 'X-API-Key': 'nobody' } });
  await fixture.ask('PROPFIND', '//livez');
  await until(() => answers.length === 3);
  expect(answers.map(({ method, status }) => [method, status])).toEqual([
    ['GET', 200],
    ['GET', 401],
    ['other', 405],
  ]);
  expect(answers.every(({ seconds }) => seconds > 0)).toBe(true);
});

test('an operation is told of whatever became of it, and anything else is none', async () => {
  const { fixture, requests } = await watched();
  await fixture.ask('GET', '//livez');
  await fixture.ask('GET', '/players/1', { headers: { 'X-API-Key': 'nobody' } });
  await fixture.ask('PATCH', '/players/1', { headers: { 'X-API-Key': 'server' }, body: '{' });
  await fixture.ask('PATCH', '/players/1', { headers: { 'X-API-Key': 'server' }, body: { name: 'Thor' } });
  expect(requests.map(({ operation, code }) => [operation, code])).toEqual([
    ['player.get', 3001],
    ['player.update', 2001],
    ['player.update', 0],
  ]);
  expect(requests[2]?.msOf('read')).toBeGreaterThan(0);
  expect(requests[2]?.msOf('decode')).toBeGreaterThan(0);
  expect(requests[2]?.msOf('encode')).toBeGreaterThan(0);
});

test('bytes are those of the connection, headers included, each counted once', async () => {
  const { fixture, answers, bytes } = await watched();
  const large = { name: 'Thor', more: 'x'.repeat(5000) };
  await fixture.ask('PATCH', '/players/1', { headers: { 'X-API-Key': 'server' }, body: large });
  await fixture.ask('PATCH', '/players/1', { headers: { 'X-API-Key': 'server' }, body: large });
  await until(() => answers.length === 2);
  expect(bytes.messages).toBe(2);
  expect(bytes.received).toBeGreaterThan(10_000);
  expect(bytes.received).toBeLessThan(12_000);
  expect(bytes.sent).toBeGreaterThan(500);
  expect(bytes.dropped).toBe(0);
});

test('an answer whose caller had gone is counted as dropped', async () => {
  const { fixture, bytes } = await watched();
  const { game, base } = fixture;
  const caller = new AbortController();
  const asked = fetch(`${base}/api/v1/games/fake/slow`, { headers: { 'X-API-Key': 'server' }, signal: caller.signal });
  await game.entered;
  caller.abort();
  await expect(asked).rejects.toThrow();
  await until(() => bytes.dropped === 1);
});
