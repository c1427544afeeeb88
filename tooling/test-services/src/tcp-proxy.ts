import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and its server, and can be told to be a bad network. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  #swallowed: 'nothing' | 'answers' | 'everything' = 'nothing';

  /** Use {@link startTcpProxy}. */
  constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, connect(targetPort, '127.0.0.1')));
  }

  /** Where clients connect to. */
  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Begins to take connections, on a free port of 127.0.0.1. */
  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /**
   * From now on loses these bytes without a word: `answers` of the server, `everything` in both directions, or `nothing` again.
   * What was connected meanwhile is broken then: no TCP connection goes on after bytes were lost.
   */
  swallow(what: 'nothing' | 'answers' | 'everything'): void {
    this.#swallowed = what;
    if (what === 'nothing') this.cut();
  }

  /** Breaks all connections there are. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Breaks all connections and takes no more. */
  async remove(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    const pair = { client, server };
    this.#pairs.add(pair);
    client.on('data', (chunk) => this.#swallowed !== 'everything' && server.write(chunk));
    server.on('data', (chunk) => this.#swallowed === 'nothing' && client.write(chunk));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }
}

/** Starts a proxy before a port of this machine. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = new TcpProxy(targetPort);
  await proxy.listen();
  return proxy;
}
