import { type RedisServer, startRedis, startRedisCluster } from '@midgard/test-services';

/** What a trial runs on. */
export interface TrialRedis extends AsyncDisposable {
  readonly url: string;
  readonly masters: readonly RedisServer[];
}

/** `single`: one server; `cluster`: three masters. */
export type Topology = 'single' | 'cluster';

/** Starts a private one that keeps nothing on disk. */
export async function startTrialRedis(topology: Topology): Promise<TrialRedis> {
  const settings = { appendonly: 'no', save: '' };
  if (topology === 'cluster') {
    const cluster = await startRedisCluster(settings);
    return { url: `redis-cluster://${cluster.nodes.join(',')}`, masters: cluster.masters, [Symbol.asyncDispose]: () => cluster.remove() };
  }
  const server = await startRedis(settings);
  return { url: server.url, masters: [server], [Symbol.asyncDispose]: () => server.remove() };
}
