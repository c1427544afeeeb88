import { parentPort } from 'node:worker_threads';
import type { FileSettings } from './file-options.ts';
import { LogFiles } from './log-files.ts';
import { type Tally, tallyDone } from './tally.ts';

/** What the worker thread is started with. */
export interface FileWorkerOptions {
  readonly settings: FileSettings;
  readonly retryMs: number;
  readonly tally: Tally;
}

/**
 * The worker thread of the log files, as `pino.transport` loads it.
 *
 * How much is written is told by shared memory, which also a thread that waits can read; what goes wrong by events.
 */
export default function fileWorker({ settings, retryMs, tally }: FileWorkerOptions): Promise<LogFiles> {
  let failing = 0;
  return LogFiles.open({
    settings,
    retryMs,
    listener: {
      written: (lines, characters) => tallyDone(tally, lines, characters),
      failing: ({ message }) => {
        failing += 1;
        if (failing === 1) tell('log-failing', message);
      },
      recovered: () => {
        failing -= 1;
        if (failing === 0) tell('log-recovered', '');
      },
      notPruned: ({ message }) => tell('log-not-pruned', message),
    },
  });
}

/** In the words of thread-stream, which makes it an event of the transport. */
function tell(name: string, message: string): void {
  // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage({ code: 'EVENT', name, args: [message] });
}
