export { Findings, quantile, quiet, tally, type Log, type Report } from './report.ts';
export { runTrials, type TrialsCommand } from './run-trials.ts';
export { scenario, type Scenario, type Size } from './scenario.ts';
