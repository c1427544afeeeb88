import {
  createLogger,
  EntryLog,
  FileDestination,
  type LogTrouble,
  LogControl,
  LoggingError,
  type LogDestination,
  type Logger,
  type LogSettings,
  standardError,
  StandardOutput,
} from '@midgard/logging';
import { errorTable } from '@midgard/errors';
import type { Registry } from '@midgard/metrics';
import { currentRequest } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import type { Reloadable } from '../reload.ts';
import { SetupError } from '../setup-error.ts';
import { logMetrics } from './log-metrics.ts';

const name = 'midgard';
/** What is answered to whom it may concern when there is too much to do. */
const crowdCodes = [errorTable.overloaded.code, errorTable.tooManyInFlight.code, errorTable.rateLimited.code];

/** The log of the service. */
export interface ServiceLogs extends AsyncDisposable {
  readonly log: Logger;
  /** Lines of requests and of what must be accounted for. */
  readonly entries: EntryLog;
  /** What decides which lines are written. */
  readonly control: LogControl;
  /** Takes up the level, the sampling and what is slow. */
  readonly reloadable: Reloadable;
  /** The service runs: its last line will say that it has stopped. One that could not start never ran. */
  serves(): void;
}

/** What {@link openLogs} needs. */
export interface LogParts {
  readonly config: Pick<Config, 'log' | 'instance'>;
  /** Which of several processes writes; default: the only one. */
  readonly writer?: string | undefined;
  readonly registry: Registry;
  /** Where it is told what keeps lines from their files or reader; default: standard error. */
  readonly emergency?: LogDestination;
}

/**
 * Opens the log: on standard output, or in files. Every line of a request has its ids.
 *
 * @throws {SetupError} `ERR_SETUP_LOG`: the folder of the files cannot be made or written
 */
export function openLogs({ config, writer, registry, emergency = standardError() }: LogParts): ServiceLogs {
  const control = new LogControl(settingsOf(config.log));
  const { onLine, onDropped } = logMetrics(registry);
  const report = (trouble: LogTrouble): void => reportTrouble(trouble, { log: () => log, emergency });
  const destination = filesOf(config, writer, { report, onDropped, emergency }) ?? new StandardOutput({ report, onDropped });
  const options = { name: writer === undefined ? name : `${name}-${writer}`, control, destination, onLine };
  const log = createLogger({ ...options, context: idsOfRequest });
  const entries = new EntryLog({ ...options, crowdCodes });
  const reloadable: Reloadable = {
    name: 'log',
    prepare: (fresh) => {
      const settings = settingsOf(fresh.log);
      return JSON.stringify(settings) === JSON.stringify(control.settings) ? undefined : () => control.set(settings);
    },
  };
  let isServing = false;
  return {
    log,
    entries,
    control,
    reloadable,
    serves: () => {
      isServing = true;
    },
    [Symbol.asyncDispose]: async () => {
      // The last line of the service; what comes later finds the files closed.
      if (isServing) log.info({}, 'stopped');
      if (destination instanceof FileDestination) await destination.close();
      else destination[Symbol.dispose]();
    },
  };
}

function settingsOf({ level, requests: { successRate, slowMs } }: Config['log']): LogSettings {
  return { level, successRate, slowMs };
}

function filesOf(
  { log: { files }, instance }: Pick<Config, 'log' | 'instance'>,
  writer: string | undefined,
  listeners: Pick<ConstructorParameters<typeof FileDestination>[0], 'report' | 'onDropped' | 'emergency'>,
): FileDestination | undefined {
  const { dir, maxMb, days, maxFiles } = files;
  if (dir === undefined) return undefined;
  try {
    return new FileDestination({
      folder: dir,
      prefix: writer === 'primary' ? `${name}-${instance}-primary` : `${name}-${instance}`,
      maxBytes: maxMb * 2 ** 20,
      keepDays: days,
      maxFiles,
      ...listeners,
    });
  } catch (error) {
    if (!(error instanceof LoggingError)) throw error;
    throw new SetupError('ERR_SETUP_LOG', `log.files.dir must be a folder that can be made and written, and ${dir} is none`, { cause: error.cause });
  }
}

function idsOfRequest(): object | undefined {
  const request = currentRequest();
  return request === undefined ? undefined : { requestId: request.requestId, traceId: request.traceId };
}

/** What begins goes to where a person looks though the log does not work, what is over into the log. */
function reportTrouble(trouble: LogTrouble, { log, emergency }: { readonly log: () => Logger; readonly emergency: LogDestination }): void {
  const stderr = createLogger({ name, destination: emergency });
  switch (trouble.state) {
    case 'failing':
      return stderr.error({ reason: trouble.reason, err: trouble.error }, 'the log is not written: lines wait in memory, more are dropped and counted');
    case 'recovered':
      return log().warn({ reason: trouble.reason, dropped: trouble.dropped }, 'the log is written again; the dropped lines are lost');
    case 'not-pruned':
      return log().warn({ err: trouble.error }, 'log files that are too old could not be removed');
  }
}
