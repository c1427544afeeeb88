import process from 'node:process';
import { banner } from '../banner.ts';
import { compose } from '../compose.ts';
import { readSettings } from '../config.ts';
import { dieLoudly } from '../logs/die-loudly.ts';
import { runPrimary } from '../processes/run-primary.ts';
import { workerCount } from '../processes/worker-count.ts';

/** Runs the service until a signal, in this process or in several workers; the first one ends it gracefully, a second one at once. */
export async function startCommand(): Promise<void> {
  const settings = readSettings();
  const stopping = firstSignal();
  const workers = workerCount(settings.config);
  // One needs nobody who looks after it but who looks after the service.
  if (workers > 1) return runPrimary(settings, workers, stopping);
  const service = await compose(settings);
  dieLoudly(process, service.log);
  // Without a listener it would end the process.
  process.on('SIGUSR2', () => service.log.warn({}, 'nothing is rolled: that needs workers above 1 in the settings'));
  process.on('SIGHUP', () => void service.reload(readSettings));
  // From the start of the process: loading the code takes longer than all the rest, and a person waits for it too.
  process.stdout.write(banner(service, performance.now()));
  const signal = await stopping;
  service.log.info({ signal }, 'stopping');
  await service.stop();
}

/** Listens from the very start, so that a signal during start-up is not lost. */
function firstSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let hasSignal = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (hasSignal) process.exit(1);
    hasSignal = true;
    resolve(signal);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  return promise;
}
