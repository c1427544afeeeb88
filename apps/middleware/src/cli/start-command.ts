import process from 'node:process';
import { banner } from '../banner.ts';
import { compose } from '../compose.ts';
import { readSettings } from '../config.ts';
import { dieLoudly } from '../logs/die-loudly.ts';

/** Runs the service until a signal; the first one ends it gracefully, a second one at once. */
export async function startCommand(): Promise<void> {
  const settings = readSettings();
  const stopping = firstSignal();
  const service = await compose(settings);
  dieLoudly(process, service.log);
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
