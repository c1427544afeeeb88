import { expect, test } from 'vitest';
import { serverEpoch } from './server-epoch.ts';

const info = (runId: string, replicationId: string) =>
  `# Server\r\nrun_id:${runId}\r\nuptime_in_seconds:5\r\n# Replication\r\nmaster_replid:${replicationId}\r\n`;

test('an epoch ends with the process, and with taking the place of another', () => {
  const epochs = [serverEpoch(info('a', 'b')), serverEpoch(info('a', 'c')), serverEpoch(info('d', 'b'))];
  expect(new Set(epochs).size).toBe(3);
  for (const epoch of epochs) expect(epoch).toHaveLength(8);
  expect(serverEpoch(info('a', 'b'))).toBe(epochs[0]);
});

test('a server that does not say which process it is has no epoch', () => {
  expect(serverEpoch('# Server\r\nredis_version:7.0.0\r\n')).toBeUndefined();
});
