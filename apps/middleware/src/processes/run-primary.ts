import process from 'node:process';
import { Registry } from '@midgard/metrics';
import { systemTimers } from '@midgard/server';
import { banner } from '../banner.ts';
import { readSettings, type Settings } from '../config.ts';
import { dieLoudly } from '../logs/die-loudly.ts';
import { openLogs } from '../logs/open-logs.ts';
import { youngGenerationFlag } from '../memory/young-generation.ts';
import { SetupError } from '../setup-error.ts';
import { Primary } from './primary.ts';
import { collectPrimary } from './primary-metrics.ts';
import { claimAddresses } from './sockets.ts';
import { WorkerStartError } from './worker-process.ts';

/**
 * Runs the service in several workers until a signal.
 *
 * @param stopping resolves with the first signal that ends it
 * @throws {SetupError} a worker could not be started, or died again and again
 */
export async function runPrimary(settings: Settings, workers: number, stopping: Promise<NodeJS.Signals>): Promise<void> {
  const { config } = settings;
  await using parts = new AsyncDisposableStack();
  const registry = new Registry();
  const logs = parts.use(openLogs({ config, writer: 'primary', registry }));
  const { log } = logs;
  dieLoudly(process, log);
  const failing = Promise.withResolvers<never>();
  // It may come before anybody waits for it.
  failing.promise.catch(() => undefined);
  const primary = new Primary({
    settings,
    workers,
    addresses: await claimAddresses(config.server),
    execArgv: nodeFlags(config.memory.youngGenerationMb),
    registry,
    log,
    timers: systemTimers,
    tookUp: (fresh) => void logs.reloadable.prepare(fresh)?.(),
    failed: (reason) => failing.reject(new SetupError('ERR_SETUP_WORKER_DIED', reason)),
  });
  parts.defer(() => primary.stop());
  // A second signal ends this process at once, and those that it started with it.
  process.on('exit', () => primary.kill());
  // From the start, since they would end the process; until all serve there is nothing to change.
  let isReady = false;
  process.on('SIGHUP', () => void (isReady && primary.reload(readSettings))).on('SIGUSR2', () => void (isReady && primary.roll(readSettings)));
  const announced = await primary.start().catch(endAsWorker);
  isReady = true;
  parts.defer(collectPrimary(registry));
  logs.serves();
  process.stdout.write(banner({ ...announced, workers }, performance.now()));
  const signal = await Promise.race([stopping, failing.promise]);
  log.info({ signal }, 'stopping');
}

/** The worker has said why on standard error, and how it ended is how the command ends. */
function endAsWorker(error: unknown): never {
  if (error instanceof WorkerStartError && error.end.code !== null && error.end.code > 0) process.exit(error.end.code);
  throw error;
}

/** Those of this process, and the size of the young generation: a forked process cannot replace itself, or it would lose its channel. */
function nodeFlags(youngGenerationMb: number): readonly string[] {
  const isSet = youngGenerationMb === 0 || youngGenerationFlag(process) !== undefined;
  return isSet ? process.execArgv : [...process.execArgv, `--max-semi-space-size=${youngGenerationMb}`];
}
