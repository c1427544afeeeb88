import { Registry } from '@midgard/metrics';
import { RequestScope } from '@midgard/server';
import { expect, test } from 'vitest';
import { frontEndMetrics } from './front-end-metrics.ts';

function finished(transport: 'tcp' | 'http', code = 0): RequestScope {
  const request = new RequestScope({ transport });
  Object.assign(request, { game: 'realm', operation: 'player.get', code });
  return request;
}

test('it knows how many connections are open, how many came or went, and how many requests are done, over both transports', () => {
  const metrics = frontEndMetrics(new Registry());
  expect([metrics.openConnections(), metrics.finishedRequests()]).toEqual([0, 0]);
  metrics.connectionOpened('tcp');
  metrics.connectionOpened('http');
  metrics.connectionOpened('http');
  metrics.connectionClosed('http');
  metrics.requestFinished(finished('tcp'), 0.001);
  metrics.requestFinished(finished('http', 1004), 0.001);
  expect([metrics.openConnections(), metrics.changedConnections(), metrics.finishedRequests()]).toEqual([2, 4, 2]);
});

test('bytes, messages and batches are counted for each front end', () => {
  const registry = new Registry();
  const metrics = frontEndMetrics(registry);
  metrics.received('tcp', 100, 3, 0.0001);
  metrics.received('tcp', 50, 1, 0.0001);
  metrics.sent('http', 1000, 1, 0.002);
  metrics.answerDropped('http');
  const page = registry.expose();
  expect(page).toContain('midgard_received_bytes_total{transport="tcp"} 150\n');
  expect(page).toContain('midgard_received_messages_total{transport="tcp"} 4\n');
  expect(page).toContain('midgard_read_seconds_count{transport="tcp"} 2\n');
  expect(page).toContain('midgard_sent_bytes_total{transport="http"} 1000\n');
  expect(page).toContain('midgard_dropped_answers_total{transport="http"} 1\n');
  expect(page).toContain('midgard_dropped_answers_total{transport="tcp"} 0\n');
});

test('who is connected is told by kind', () => {
  const registry = new Registry();
  const metrics = frontEndMetrics(registry);
  metrics.clientJoined('service');
  metrics.clientJoined('service');
  metrics.clientJoined('player');
  metrics.clientLeft('service');
  expect(registry.expose()).toMatch(/midgard_clients\{kind="service"\} 1\nmidgard_clients\{kind="player"\} 1\n/);
});

test.each([
  [0, 'success'],
  [1001, 'failed'],
  [2001, 'rejected'],
  [3005, 'rejected'],
])('a request that ended with %i counts by that code, and as %s', (code, outcome) => {
  const registry = new Registry();
  frontEndMetrics(registry).requestFinished(finished('tcp', code), 0.001);
  const labels = 'transport="tcp",game="realm",operation="player.get"';
  expect(registry.expose()).toContain(`midgard_requests_total{${labels},code="${code}"} 1\n`);
  expect(registry.expose()).toContain(`midgard_request_duration_seconds_count{${labels},outcome="${outcome}"} 1\n`);
});

test('only the stages that a request went through have series', () => {
  const registry = new Registry();
  const request = finished('tcp');
  request.add('database', 2);
  request.add('database', 3);
  frontEndMetrics(registry).requestFinished(request, 0.01);
  const page = registry.expose();
  expect(page).toMatch(/midgard_request_stage_seconds_sum\{[^}]*stage="database"\} 0\.005\n/);
  expect(page).not.toContain('stage="cache"');
});
