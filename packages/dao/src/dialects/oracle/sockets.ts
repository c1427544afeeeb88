import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

/** Sockets that were made within a call, by whatever code it runs. */
const within = new AsyncLocalStorage<Set<Socket>>();
let isListening = false;

/** Node tells of each socket here as it is made, in the context of whoever makes it. */
function listen(): void {
  if (isListening) return;
  isListening = true;
  subscribe('net.client.socket', (message) => {
    const sockets = within.getStore();
    if (sockets === undefined || typeof message !== 'object' || message === null || !('socket' in message)) return;
    const { socket } = message;
    if (socket instanceof Socket) sockets.add(socket);
  });
}

/** The sockets of one connection of a driver. */
export interface Sockets {
  /** Ends them at once, without a word to the other side. */
  cut(): void;
}

/**
 * Runs what connects, and keeps hold of the sockets that it makes.
 *
 * The driver's own ways to end a connection wait for the server's answer, `callTimeout` included, and one that is being made cannot be
 * ended at all: a server that is silent would keep them all for ever.
 */
export function holdingSockets<T>(connect: () => Promise<T>): { readonly connected: Promise<T>; readonly sockets: Sockets } {
  listen();
  const held = new Set<Socket>();
  const sockets: Sockets = {
    cut: () => {
      // With an error: while it connects the driver listens for nothing else.
      for (const socket of held) socket.destroy(new Error('the connection was cut'));
    },
  };
  return { connected: within.run(held, connect), sockets };
}
