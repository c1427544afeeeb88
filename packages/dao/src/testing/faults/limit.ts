import { setTimeout as sleep } from 'node:timers/promises';
import { administer } from '@midgard/test-services';
import { Load } from './load.ts';
import { Findings, type Log, quiet, type Report } from '@midgard/trials';
import { auditErrors, auditLoad, connectionsAt, findLeaks, openTrial, startServer, trialUrl } from './trial.ts';
import { until } from './until.ts';

/** How long the pool wants more than there is. */
export interface LimitPlan {
  readonly clients: number;
  readonly rounds: number;
  readonly loadMs: number;
}

const timeoutMs = 10_000;
/** The least that it can be set to. */
const ofServer = 10;
const ofPool = 20;
const healWithinMs = 5000;

/**
 * Sets a server up for fewer connections than the pool may make, and cuts them all now and then. Promised: everyone is served by those that
 * it gives, and refusals are no outage.
 */
export async function serverWithFewConnections({ clients, rounds, loadMs }: LimitPlan, log: Log = quiet): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const findings = new Findings();
  const server = await startServer(stack, { 'max-connections': `${ofServer}` });
  let refusals = 0;
  let outages = 0;
  // Not as root, who gets one connection more: that one is for who looks after the server.
  await administer(server, ['create user realm', 'grant all on *.* to realm', 'revoke super, connection admin on *.* from realm']);
  const database = await openTrial(stack, trialUrl(server).replace('root', 'realm'), {
    timeoutMs,
    pool: { max: ofPool },
    listener: {
      connections: {
        connectionFailed: () => void (refusals += 1),
        breakerChanged: ({ state }) => void (outages += state === 'open' ? 1 : 0),
      },
    },
  });
  const load = stack.use(new Load(database, { clients, timeoutMs }));
  await load.prepare();
  load.start();
  let slowest = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(loadMs);
    const refusedBefore = refusals;
    await administer(server, ['kill user realm']);
    const since = performance.now();
    slowest = Math.max(slowest, await until('every client is served', () => load.isEveryClient('well', since)));
    log(`${round} of ${rounds}: ${await connectionsAt(server)} connections, ${refusals - refusedBefore} more refused after all were cut`);
  }
  await load.stop();
  auditErrors(findings, load, ['ERR_DAO_UNAVAILABLE']);
  findings.atMost('every client served again after, slowest, ms', slowest, healWithinMs);
  findings.atLeast('connections refused', refusals, 1);
  findings.exactly('counted as down', outages, 0);
  await auditLoad(findings, load, database);
  await findLeaks(findings, database, [server]);
  return findings;
}
