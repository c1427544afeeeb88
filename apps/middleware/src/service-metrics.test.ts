import { Registry } from '@midgard/metrics';
import { expect, test } from 'vitest';
import { serviceMetrics } from './service-metrics.ts';

const measure = { transport: 'tcp', game: 'realm', operation: 'player.get', code: 0, seconds: 0.001 } as const;

test('it knows how many connections are open, and how many requests are done, over both transports', () => {
  const metrics = serviceMetrics(new Registry());
  expect([metrics.openConnections(), metrics.finishedRequests()]).toEqual([0, 0]);
  metrics.connectionOpened('tcp');
  metrics.connectionOpened('http');
  metrics.connectionOpened('http');
  metrics.connectionClosed('http');
  metrics.requestFinished(measure);
  metrics.requestFinished({ ...measure, transport: 'http', code: 1004 });
  expect([metrics.openConnections(), metrics.finishedRequests()]).toEqual([2, 2]);
});

test('what it knows stands in the metrics', () => {
  const registry = new Registry();
  const metrics = serviceMetrics(registry);
  metrics.connectionOpened('tcp');
  metrics.requestFinished(measure);
  expect(registry.expose()).toContain('midgard_connections{transport="tcp"} 1\n');
  expect(registry.expose()).toContain('midgard_requests_total{transport="tcp",game="realm",operation="player.get",code="0"} 1\n');
});
