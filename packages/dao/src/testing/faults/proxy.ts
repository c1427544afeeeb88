import { connect, createServer, type Socket } from 'node:net';

/** Where a connection is cut: before the server gets the command, or after, so that its answer does not arrive. */
export type Cut = 'before' | 'after';

/** What stands between a client and a server, and cuts connections at a command that it is told. */
export class Proxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#join(client));
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  #armed: { readonly command: string; readonly cut: Cut; readonly isSilent: boolean } | undefined;
  #port = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target port of 127.0.0.1 to pass everything on to */
  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => void proxy.#server.listen(0, '127.0.0.1', resolve));
    const address = proxy.#server.address();
    proxy.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /**
   * Cuts the connection of whoever sends this command next, and no other one.
   *
   * @param isSilent nobody is told: nothing goes through any more, with the connection open (false)
   */
  arm(command: string, cut: Cut, isSilent = false): void {
    this.#armed = { command, cut, isSilent };
  }

  /** Cuts every connection now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    let isDeaf = false;
    server.on('data', (bytes) => {
      if (!isDeaf) client.write(bytes);
    });
    client.on('data', (bytes) => {
      if (isDeaf) return;
      const armed = this.#armed;
      // A command that is not prepared goes as its text, behind a head of five bytes.
      if (armed === undefined || bytes.toString('latin1', 5).toLowerCase() !== armed.command) return void server.write(bytes);
      this.#armed = undefined;
      isDeaf = true;
      const end = (): void => {
        if (!armed.isSilent) client.resetAndDestroy();
      };
      if (armed.cut === 'before') return end();
      // The answer is swallowed; only then it is certain that the server has done it.
      server.once('data', end);
      server.write(bytes);
    });
  }
}
