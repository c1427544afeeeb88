/** One end of a channel between two processes or threads, on which everything arrives once and in order until it closes. */
export interface IpcPort {
  /** What cannot be sent is not sent; {@link onClose} tells why. */
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, also where it is closed already when this is called. */
  onClose(listener: () => void): void;
  /** Takes all listeners off; the channel itself stays, since it is somebody else's. */
  leave(): void;
}

/** What `process` of a child, a `ChildProcess` and a `cluster.Worker` have in common. */
export interface ProcessPeer {
  readonly connected?: boolean;
  isConnected?(): boolean;
  send?(message: object, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
  on(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
  off(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown;
}

/** What a `MessagePort` and a `Worker` of `node:worker_threads` have in common. */
export interface ThreadPeer {
  postMessage(message: object): void;
  on(event: 'message' | 'close' | 'exit', listener: (message: unknown) => void): unknown;
  off(event: 'message' | 'close' | 'exit', listener: (message: unknown) => void): unknown;
}

/**
 * The channel between a process and its child.
 *
 * @param peer `process` in the child; the `ChildProcess` or `cluster.Worker` in the parent
 */
export function processPort(peer: ProcessPeer): IpcPort {
  const listeners: ['message' | 'disconnect', (message: unknown) => void][] = [];
  const listen = (event: 'message' | 'disconnect', listener: (message: unknown) => void): void => {
    listeners.push([event, listener]);
    peer.on(event, listener);
  };
  return {
    // With a callback an error is given to it and not thrown out of nowhere.
    send: (message) => void (isOpen(peer) && peer.send?.(message, undefined, undefined, () => undefined)),
    onMessage: (listener) => listen('message', listener),
    onClose: (listener) => {
      if (isOpen(peer)) listen('disconnect', () => listener());
      else listener();
    },
    leave: () => {
      for (const [event, listener] of listeners.splice(0)) peer.off(event, listener);
    },
  };
}

/**
 * The channel between two threads.
 *
 * @param peer `parentPort` or any `MessagePort`; the `Worker` in the thread that started it
 */
export function threadPort(peer: ThreadPeer): IpcPort {
  const listeners: ['message' | 'close' | 'exit', (message: unknown) => void][] = [];
  const listen = (event: 'message' | 'close' | 'exit', listener: (message: unknown) => void): void => {
    listeners.push([event, listener]);
    peer.on(event, listener);
  };
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, no window
    send: (message) => peer.postMessage(message),
    onMessage: (listener) => listen('message', listener),
    onClose: (listener) => {
      listen('close', () => listener());
      listen('exit', () => listener());
    },
    leave: () => {
      for (const [event, listener] of listeners.splice(0)) peer.off(event, listener);
    },
  };
}

function isOpen(peer: ProcessPeer): boolean {
  return peer.isConnected?.() ?? peer.connected === true;
}
