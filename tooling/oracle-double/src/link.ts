import { connect, type Socket } from 'node:net';
import { internals } from './internals.ts';
import { operation, Reader, Writer } from './wire.ts';

/** A host and the port on which its bridge listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Call {
  readonly resolve: (reply: Reader) => void;
  readonly reject: (error: Error) => void;
}

const headBytes = 5;

/** The connection to the bridge: one call at a time, as the driver sees to, and a break of the one that runs. */
export class Link {
  readonly #socket: Socket;
  readonly #address: Address;
  #call: Call | undefined;
  #callNumber = 0;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #frames: Buffer[] = [];
  #cause: Error | undefined;

  private constructor(socket: Socket, address: Address) {
    this.#socket = socket;
    this.#address = address;
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error) => (this.#cause = error));
    socket.on('close', () => this.#closed());
  }

  /**
   * @param timeoutMs for the network alone; 0: as long as it takes
   * @throws NJS-503 when nobody answers, NJS-510 when it takes too long, as the real driver
   */
  static async open(address: Address, timeoutMs: number): Promise<Link> {
    const { errors } = internals;
    const socket = connect({ ...address, noDelay: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve);
    socket.once('error', (cause) => reject(errors.getErr(errors.ERR_CONNECTION_INCOMPLETE, address.host, address.port, 'double', cause.message)));
    const timer = timeoutMs > 0 ? setTimeout(() => reject(timedOut(address, timeoutMs / 1000)), timeoutMs) : undefined;
    try {
      await promise;
      socket.removeAllListeners('error');
      return new Link(socket, address);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readable;
  }

  /** @throws NJS-500 when the connection breaks, as the real driver */
  async call(code: number, write: (request: Writer) => void = () => {}): Promise<Reader> {
    if (!this.isOpen) throw this.#broken();
    const request = new Writer().u8(code).i32(++this.#callNumber);
    write(request);
    const { promise, resolve, reject } = Promise.withResolvers<Reader>();
    this.#call = { resolve, reject };
    this.#socket.write(request.frame());
    return promise;
  }

  /** Asks that the call that runs ends; its answer says whether it did. */
  break(): void {
    if (this.#call !== undefined && this.isOpen) this.#socket.write(new Writer().u8(operation.break).i32(this.#callNumber).frame());
  }

  /** Gives up a call to a server that says nothing while a session begins. */
  expire(seconds: number): void {
    const call = this.#call;
    this.#call = undefined;
    call?.reject(timedOut(this.#address, seconds));
    this.destroy();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < headBytes) return;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    while (bytes.length >= headBytes && bytes.length >= bytes.readInt32BE(0) + 4) {
      const end = bytes.readInt32BE(0) + 4;
      this.#frame(bytes.readUInt8(4) === 1, bytes.subarray(headBytes, end));
      bytes = bytes.subarray(end);
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#buffered = bytes.length;
  }

  #frame(isLast: boolean, bytes: Buffer): void {
    this.#frames.push(bytes);
    if (!isLast) return;
    const reply = this.#frames.length === 1 ? bytes : Buffer.concat(this.#frames);
    this.#frames = [];
    const call = this.#call;
    this.#call = undefined;
    call?.resolve(new Reader(reply));
  }

  #closed(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.reject(this.#broken());
  }

  #broken(): Error {
    const { errors } = internals;
    const { host, port } = this.#address;
    const detail =
      this.#cause === undefined
        ? errors.getErr(errors.ERR_CONNECTION_EOF, host, port, 'double')
        : errors.getErr(errors.ERR_CONNECTION_LOSTCONTACT, host, port, 'double', this.#cause.message);
    const error = errors.getErr(errors.ERR_CONNECTION_CLOSED);
    error.message += `\n${detail.message}`;
    return error;
  }
}

function timedOut({ host, port }: Address, seconds: number): Error {
  const { errors } = internals;
  return errors.getErr(errors.ERR_CONNECTION_TIMEDOUT, host, port, 'connectTimeout', seconds, 'double');
}
