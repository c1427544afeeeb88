import { connect } from './connect.ts';
import { NodeConnection } from './node-connection.ts';
import { nameOf, type RedisAddress } from './redis-address.ts';
import type { RedisListener } from './redis-listener.ts';
import type { Redirection, Servers } from './servers.ts';

/** What connections need besides the address. */
export interface ConnectionSettings {
  readonly timeoutMs: number;
  readonly maxSilenceMs: number;
  readonly listener: RedisListener;
}

/** One server that has all keys: the one of the URL, or whichever the sentinels say is the master. */
export class SingleServer implements Servers {
  readonly isSingle = true;
  readonly #connection: NodeConnection;

  constructor(address: RedisAddress, { timeoutMs, maxSilenceMs, listener }: ConnectionSettings) {
    const name = address.kind === 'sentinel' ? address.masterName : address.hosts.map(nameOf).join();
    const redis = connect(address, { host: undefined });
    this.#connection = new NodeConnection({ redis, name, host: undefined, address, timeoutMs, maxSilenceMs, listener });
  }

  connectionOf(): NodeConnection {
    return this.#connection;
  }

  find(): NodeConnection {
    return this.#connection;
  }

  redirection(error: Error): Promise<Redirection | undefined> {
    // A master that was one a moment ago: the sentinels know the new one.
    if (error.message.startsWith('READONLY')) this.#connection.renew();
    return Promise.resolve(undefined);
  }

  ready(): Promise<void> {
    return this.#connection.ready();
  }

  close(): void {
    this.#connection.close();
  }
}
