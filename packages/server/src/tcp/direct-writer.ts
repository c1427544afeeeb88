import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** A socket as Node keeps it: its handle is gone from the moment in which the socket is destroyed, and only then its file descriptor. */
interface OpenSocket extends Socket {
  readonly _handle: { readonly fd: number } | null;
}

/** Writes to the kernel without the stream around the socket, which costs as much as all else that is done for a small answer. */
export class DirectWriter {
  readonly #socket: OpenSocket;
  readonly #descriptor: number;

  private constructor(socket: OpenSocket, descriptor: number) {
    this.#socket = socket;
    this.#descriptor = descriptor;
  }

  /** @returns null where bytes cannot be handed to the kernel as they are: under TLS, or in a version of Node that keeps its sockets differently */
  static of(socket: Socket): DirectWriter | null {
    if (socket instanceof TLSSocket || !isOpen(socket)) return null;
    const descriptor = socket._handle?.fd ?? -1;
    return descriptor < 0 ? null : new DirectWriter(socket, descriptor);
  }

  /**
   * To be called while nothing that was written to the socket waits. What is not taken is to go the socket's own way, which also finds out why.
   *
   * @param bytes begins with what is to be written
   * @param end offset behind it
   * @returns how many bytes the kernel has taken; 0 if it is full, or the socket closed
   */
  write(bytes: Buffer, end: number): number {
    // Once a socket is closed another connection has its number.
    if (this.#socket._handle === null) return 0;

    try {
      return writeSync(this.#descriptor, bytes, 0, end);
    } catch {
      return 0;
    }
  }
}

function isOpen(socket: Socket): socket is OpenSocket {
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'fd') === 'number';
}
