import { crashUnderLoad } from './crash.ts';
import { crowdOnSmallPool } from './crowd.ts';
import { cutConnections } from './cut.ts';
import { failoverUnderLoad } from './failover.ts';
import { freezeUnderLoad } from './freeze.ts';
import { serverWithFewConnections } from './limit.ts';
import { replicasUnderLoad } from './replicas.ts';
import { scenario, type Scenario } from '@midgard/trials';
import { resizeUnderLoad } from './resize.ts';
import { manyStatements } from './statements.ts';

/** All of them, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  scenario('crash', 'the server is killed under load and started again', crashUnderLoad, {
    small: { clients: 20, rounds: 1, loadMs: 500, downMs: 200 },
    full: { clients: 50, rounds: 10, loadMs: 2000, downMs: 1000 },
  }),
  scenario('freeze', 'the server stops answering with all connections open', freezeUnderLoad, {
    small: { clients: 20, rounds: 1, loadMs: 500, frozenMs: 200 },
    full: { clients: 50, rounds: 5, loadMs: 2000, frozenMs: 3000 },
  }),
  scenario('failover', 'the primary is lost, its standby takes the writes, the primary comes back', failoverUnderLoad, {
    small: { clients: 10, rounds: 3, loadMs: 300, behindMs: 300, returnAfterMs: 500 },
    full: { clients: 20, rounds: 9, loadMs: 2000, behindMs: 500, returnAfterMs: 3000 },
  }),
  scenario('replicas', 'a replica is stopped, behind, killed and frozen', replicasUnderLoad, {
    small: { clients: 8, rounds: 1, loadMs: 300 },
    full: { clients: 20, rounds: 3, loadMs: 2000 },
  }),
  scenario('crowd', 'many clients share a small pool', crowdOnSmallPool, {
    small: { clients: 100, few: 10, rounds: 1, loadMs: 1000, leastPercent: 25, mostSpread: 60 },
    full: { clients: 500, few: 10, rounds: 5, loadMs: 5000, leastPercent: 70, mostSpread: 20 },
  }),
  scenario('resize', 'a pool changes its size under load', resizeUnderLoad, {
    small: { clients: 30, rounds: 1, loadMs: 100 },
    full: { clients: 50, rounds: 10, loadMs: 500 },
  }),
  scenario('limit', 'the server allows fewer connections than the pool', serverWithFewConnections, {
    small: { clients: 30, rounds: 1, loadMs: 300 },
    full: { clients: 50, rounds: 5, loadMs: 2000 },
  }),
  scenario('cut', 'connections are cut in the middle of transactions and at their COMMIT', cutConnections, {
    small: { clients: 10, rounds: 1, loadMs: 200 },
    full: { clients: 50, rounds: 20, loadMs: 500 },
  }),
  scenario('statements', 'statements of very many texts are prepared', manyStatements, {
    small: { shapes: 600, rounds: 1 },
    full: { shapes: 5000, rounds: 1 },
  }),
];
