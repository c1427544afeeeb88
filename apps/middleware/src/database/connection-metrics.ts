import type { BreakerState, ConnectionsListener, Database, ServerEvent, ServerRole, ServerUsage } from '@midgard/dao';
import type { Logger } from '@midgard/logging';
import type { CounterHandle, HistogramHandle, Registry } from '@midgard/metrics';

/** From an idle connection at hand to the longest wait that the configuration's default allows. */
const waitBuckets = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5];
const serverLabels = ['game', 'server', 'role'] as const;
const poolStates = ['idle', 'borrowed', 'checking', 'creating', 'destroying'] as const;
const breakerStates: readonly BreakerState[] = ['closed', 'halfOpen', 'open'];

interface Handles {
  readonly waits: HistogramHandle;
  readonly connected: CounterHandle;
  readonly failed: CounterHandle;
}

/** Counts what the connections of database servers do, and logs what a person should know: failovers, breakers, replicas that leave. */
export function connectionMetrics(registry: Registry, log: Logger): (game: string) => ConnectionsListener {
  const metrics = defineMetrics(registry);
  return (game) => {
    const logOfGame = log.child({ game });
    // At zero from the start: an alert is to see the first one rise.
    const failovers = metrics.failovers.labels({ game });
    const known = new Map<string, Record<ServerRole, Handles | undefined>>();
    const handlesOf = ({ server, role }: ServerEvent): Handles => {
      const handles = metrics.handles({ game, server, role });
      known.set(server, { ...(known.get(server) ?? { primary: undefined, standby: undefined, replica: undefined }), [role]: handles });
      return handles;
    };
    const handles = (event: ServerEvent): Handles => known.get(event.server)?.[event.role] ?? handlesOf(event);
    return {
      acquired: (event) => handles(event).waits.observe(event.waitMs / 1000),
      acquireFailed: ({ server, role, code }) => metrics.refused.labels({ game, server, role, code }).add(),
      connected: (event) => handles(event).connected.add(),
      connectionFailed: (event) => handles(event).failed.add(),
      breakerChanged: ({ server, role, state }) => {
        if (state === 'open') logOfGame.warn({ server, role }, 'a database server does not answer: it gets no work until it does');
        else if (state === 'closed') logOfGame.info({ server, role }, 'a database server answers again');
      },
      failedOver: ({ from, to }) => {
        failovers.add();
        logOfGame.warn({ from, to }, 'writes go to another database server');
      },
      replicaLeft: ({ server, trouble, lagMs }) => {
        metrics.left.labels({ game, server, trouble }).add();
        logOfGame.warn({ server, trouble, lagMs }, 'a replica is not read from any more');
      },
      replicaReturned: ({ server, lagMs }) => logOfGame.info({ server, lagMs }, 'a replica is read from again'),
      readFellBack: ({ reason }) => metrics.fallbacks.labels({ game, reason }).add(),
    };
  };
}

function defineMetrics(registry: Registry) {
  const waits = registry.histogram({
    name: 'midgard_database_wait_seconds',
    help: 'Wait for a connection to a database server',
    labels: serverLabels,
    buckets: waitBuckets,
  });
  const connected = registry.counter({ name: 'midgard_database_connects_total', help: 'Connections that were made', labels: serverLabels });
  const failed = registry.counter({
    name: 'midgard_database_connect_failures_total',
    help: 'Connections that could not be made, or died',
    labels: serverLabels,
  });
  return {
    handles: (labels: Readonly<Record<(typeof serverLabels)[number], string>>): Handles => ({
      waits: waits.labels(labels),
      connected: connected.labels(labels),
      failed: failed.labels(labels),
    }),
    refused: registry.counter({
      name: 'midgard_database_wait_failures_total',
      help: 'Waits for a connection that ended without one, by the code of the error',
      labels: [...serverLabels, 'code'],
    }),
    failovers: registry.counter({ name: 'midgard_database_failovers_total', help: 'Moves of the writes to another server', labels: ['game'] }),
    left: registry.counter({
      name: 'midgard_database_replica_exits_total',
      help: 'Replicas that are not read from any more, by the reason',
      labels: ['game', 'server', 'trouble'],
    }),
    fallbacks: registry.counter({
      name: 'midgard_database_replica_fallbacks_total',
      help: 'Reads that went to the primary although there are replicas, by the reason',
      labels: ['game', 'reason'],
    }),
  };
}

/** Shows with each reading of the metrics what the pools of these databases hold, and how their servers are. */
export function watchServers(registry: Registry, databases: ReadonlyMap<string, Pick<Database, 'servers'>>): void {
  const gauge = <const L extends string>(name: string, help: string, labels: readonly L[]) =>
    registry.gauge({ name: `midgard_database_${name}`, help, labels });
  const connections = gauge('connections', 'Connections to a database server by what they do', [...serverLabels, 'state']);
  const most = gauge('connections_max', 'Most connections to a database server', serverLabels);
  const waiting = gauge('waiting', 'Callers that wait for a connection', serverLabels);
  const breaker = gauge('breaker', 'State of the breaker: 1 for the one that it is in', [...serverLabels, 'state']);
  const serving = gauge('serving', '1 for the server that takes the writes and each replica that is read from', serverLabels);
  const lag = gauge('replica_lag_seconds', 'How far a replica is behind; NaN where nobody knows', ['game', 'server']);
  registry.onCollect(() => {
    for (const [game, database] of databases) for (const usage of database.servers()) show(game, usage);
  });
  const show = (game: string, { server, role, state, breaker: stateOfBreaker, lagMs, pool }: ServerUsage): void => {
    const labels = { game, server, role };
    for (const each of poolStates) connections.labels({ ...labels, state: each }).set(pool[each]);
    most.labels(labels).set(pool.max);
    waiting.labels(labels).set(pool.waiting);
    for (const each of breakerStates) breaker.labels({ ...labels, state: each }).set(Number(each === stateOfBreaker));
    serving.labels(labels).set(Number(state === 'active' || state === 'serving'));
    if (role === 'replica') lag.labels({ game, server }).set(lagMs === undefined ? Number.NaN : lagMs / 1000);
  };
}
