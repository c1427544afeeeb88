import type { ServerAddress, ServerConnection, StatementResult } from '../../server/connection.ts';

/** A connection to a {@link FakeServer}: it answers as its server does at that moment. */
export class FakeConnection implements ServerConnection {
  readonly server: FakeServer;
  isBroken = false;
  isClosed = false;
  pings = 0;
  readonly #gone = Promise.withResolvers<never>();

  constructor(server: FakeServer) {
    this.server = server;
    this.#gone.promise.catch(() => undefined);
  }

  /** What a statement or ping meets: an answer, silence that ends with the connection, or the end of it. */
  async answer(): Promise<void> {
    if (this.isBroken || this.isClosed) throw new Error('the connection is lost');
    if (this.server.health === 'silent') await this.#gone.promise;
  }

  async ping(): Promise<void> {
    this.pings += 1;
    await this.answer();
  }

  async version(): Promise<string> {
    await this.answer();
    return 'Fake 1.0';
  }

  async run(): Promise<StatementResult> {
    await this.answer();
    return { rows: [], affected: 0 };
  }

  async records(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    await this.answer();
    return [];
  }

  command(): Promise<void> {
    return this.answer();
  }

  begin(): Promise<void> {
    return this.answer();
  }

  async commit(): Promise<string | undefined> {
    await this.answer();
    return this.server.position;
  }

  rollback(): Promise<void> {
    return this.answer();
  }

  destroy(): void {
    this.isBroken = true;
    this.server.open.delete(this);
    this.#gone.reject(new Error('the connection is lost'));
  }

  async close(): Promise<void> {
    await this.answer();
    this.isClosed = true;
    this.server.open.delete(this);
  }
}

/** A server of which a test decides how it does. */
export class FakeServer implements ServerAddress {
  readonly name: string;
  /** `refusing`: nothing listens; `silent`: frozen, or behind a network that swallows everything. */
  health: 'up' | 'refusing' | 'silent' = 'up';
  acceptsWrites = true;
  lagMs: number | undefined = 0;
  position: string | undefined = undefined;
  /** Connections that this end has not closed. */
  readonly open = new Set<FakeConnection>();
  made = 0;
  attempts = 0;
  readonly #silent = new Set<() => void>();

  constructor(name: string) {
    this.name = name;
  }

  async connect(signal: AbortSignal): Promise<FakeConnection> {
    this.attempts += 1;
    if (this.health === 'silent') await this.#silence(signal);
    if (this.health !== 'up') throw new Error('connection refused');
    this.made += 1;
    const connection = new FakeConnection(this);
    this.open.add(connection);
    return connection;
  }

  /** The process is killed: connections break at once, new ones are refused. */
  kill(): void {
    this.health = 'refusing';
    for (const connection of this.open) connection.destroy();
  }

  freeze(): void {
    this.health = 'silent';
  }

  revive(): void {
    this.health = 'up';
    for (const go of this.#silent) go();
  }

  async #silence(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#silent.add(resolve);
      signal.addEventListener('abort', () => reject(new Error('given up')), { once: true });
    });
  }
}
