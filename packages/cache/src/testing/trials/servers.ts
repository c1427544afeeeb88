import { type RedisServer, startRedis, startRedisCluster } from '@midgard/test-services';

/** What a trial runs on. */
export interface TrialRedis extends AsyncDisposable {
  readonly url: string;
  readonly masters: readonly RedisServer[];
  /** Waits until it serves again: a cluster does two seconds after its servers answer. */
  isUp(): Promise<unknown>;
}

/** `single`: one server; `cluster`: three masters. */
export type Topology = 'single' | 'cluster';

/** Starts a private one that keeps nothing on disk. */
export async function startTrialRedis(topology: Topology): Promise<TrialRedis> {
  const settings = { appendonly: 'no', save: '' };
  if (topology === 'cluster') {
    const cluster = await startRedisCluster(settings);
    return {
      url: `redis-cluster://${cluster.nodes.join(',')}`,
      masters: cluster.masters,
      isUp: () => cluster.isUp(),
      [Symbol.asyncDispose]: () => cluster.remove(),
    };
  }
  const server = await startRedis(settings);
  return { url: server.url, masters: [server], isUp: () => Promise.resolve(), [Symbol.asyncDispose]: () => server.remove() };
}
