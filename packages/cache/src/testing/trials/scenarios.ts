import { scenario, type Scenario } from '@midgard/trials';
import { absentKeys } from './absent.ts';
import { entriesEndApart } from './avalanche.ts';
import { coherentInstances } from './coherence.ts';
import { outageUnderLoad } from './outage.ts';
import { stampede } from './stampede.ts';

const churn = { keys: 200, workers: 20, writeShare: 0.1, manyShare: 0.05, pauseMs: 10, isLeaseBroken: false };
/** The tests run beside others on a machine that may stall a process for a second; the figures are made on a quiet one. */
const patient = { boundMs: 2000, longestMs: 15_000, usedWithinMs: 15_000 };
const promised = { boundMs: 100, longestMs: 1400, usedWithinMs: 2000 };

/** All of them, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  scenario('coherence', 'three processes on one Redis read and write 200 keys, with nothing wrong', coherentInstances, {
    small: { ...churn, boundMs: patient.boundMs, rounds: 1, secondsEach: 4, faultEveryMs: 0 },
    full: { ...churn, boundMs: promised.boundMs, rounds: 6, secondsEach: 10, faultEveryMs: 0 },
  }),
  scenario('faults', 'the same while connections break, answers are lost, and Redis freezes and restarts', coherentInstances, {
    small: { ...churn, boundMs: patient.boundMs, rounds: 1, secondsEach: 12, faultEveryMs: 1500 },
    full: { ...churn, boundMs: promised.boundMs, rounds: 6, secondsEach: 10, faultEveryMs: 4000 },
  }),
  scenario('stampede', '10,000 readers in three processes miss one key at once', stampede, {
    small: { rounds: 2, topology: 'single', readersEach: 3334 },
    full: { rounds: 10, topology: 'single', readersEach: 3334 },
  }),
  scenario('stampede-cluster', 'the same on a Redis Cluster of three masters', stampede, {
    small: { rounds: 2, topology: 'cluster', readersEach: 3334 },
    full: { rounds: 10, topology: 'cluster', readersEach: 3334 },
  }),
  scenario('killed', 'Redis is killed under load and started again', outageUnderLoad, {
    small: { rounds: 1, topology: 'single', perSecond: 1000, downMs: 1000, kind: 'killed', ...patient },
    full: { rounds: 5, topology: 'single', perSecond: 3000, downMs: 3000, kind: 'killed', ...promised },
  }),
  scenario('frozen', 'Redis stops answering under load, with all connections open', outageUnderLoad, {
    small: { rounds: 1, topology: 'single', perSecond: 1000, downMs: 1000, kind: 'frozen', ...patient },
    full: { rounds: 5, topology: 'single', perSecond: 3000, downMs: 3000, kind: 'frozen', ...promised },
  }),
  scenario('killed-cluster', 'all masters of a Redis Cluster are killed under load and started again', outageUnderLoad, {
    small: { rounds: 1, topology: 'cluster', perSecond: 1000, downMs: 1000, kind: 'killed', ...patient },
    full: { rounds: 5, topology: 'cluster', perSecond: 3000, downMs: 3000, kind: 'killed', ...promised },
  }),
  scenario('absent', 'random keys that do not exist are asked for', absentKeys, {
    small: { rounds: 1, keys: 10_000, askedEach: 20_000 },
    full: { rounds: 10, keys: 1_000_000, askedEach: 100_000 },
  }),
  scenario('avalanche', 'entries that were loaded at the same moment end apart', entriesEndApart, {
    small: { rounds: 1, entries: 5000 },
    full: { rounds: 1, entries: 100_000 },
  }),
];
