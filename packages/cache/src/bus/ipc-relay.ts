import type { IpcPort } from './ipc-port.ts';
import { unwrapWord, wrapWord } from './ipc-words.ts';

/** What {@link relayInvalidations} makes. */
export interface InvalidationRelay {
  /** Takes in one more worker, such as one that was started in the place of another. Who closes leaves by himself. */
  add(port: IpcPort): void;
  /** Passes nothing more on. The workers are not told: end them, or their channels. */
  close(): void;
}

/**
 * Passes what each worker says to all the others: the middle of an {@link IpcBus}, for the process that started them.
 *
 * @example
 * ```ts
 * import { fork } from 'node:child_process';
 * import { processPort, relayInvalidations } from '@midgard/cache';
 *
 * const workers = Array.from({ length: 4 }, () => fork('worker.js'));
 * const relay = relayInvalidations(workers.map((worker) => processPort(worker)));
 * relay.add(processPort(fork('worker.js')));
 * ```
 */
export function relayInvalidations(ports: Iterable<IpcPort> = []): InvalidationRelay {
  const joined = new Set<IpcPort>();
  const add = (port: IpcPort): void => {
    joined.add(port);
    port.onMessage((envelope) => {
      const word = unwrapWord(envelope);
      if (word?.kind === 'hello') port.send(wrapWord({ kind: 'joined' }));
      if (word?.kind !== 'say') return;
      for (const other of joined) if (other !== port) other.send(wrapWord({ kind: 'word', message: word.message }));
      port.send(wrapWord({ kind: 'said', id: word.id }));
    });
    port.onClose(() => {
      joined.delete(port);
      port.leave();
    });
    // Its hello may have come before anybody listened.
    port.send(wrapWord({ kind: 'joined' }));
  };
  for (const port of ports) add(port);
  const close = (): void => {
    for (const port of joined) port.leave();
    joined.clear();
  };
  return { add, close };
}
