import { createHash } from 'node:crypto';

/** Characters of an epoch, as records hold it: text, because ioredis sends commands of text only in less time than such with bytes. */
const epochLength = 8;

/**
 * Names a server in one of its lives as a master: from its start, or from when it took the place of another, to its end.
 *
 * A server that starts may read from its disk what it had before, and a replica that takes over has what its master sent: both may
 * lack the last changes, and among them invalidations. So what was stored in one life is not believed in another. Ids and not
 * times, because clocks step.
 *
 * @param info what `INFO` answered
 * @returns undefined: it does not say which process it is
 */
export function serverEpoch(info: string): string | undefined {
  const runId = /^run_id:(\w+)/m.exec(info)?.[1];
  if (runId === undefined) return undefined;
  const replicationId = /^master_replid:(\w+)/m.exec(info)?.[1] ?? '';
  return createHash('sha1').update(`${runId}:${replicationId}`).digest('base64').slice(0, epochLength);
}
