import { CacheError } from '../errors.ts';
import { connect } from './connect.ts';
import { keySlot, slotCount } from './key-slot.ts';
import { NodeConnection } from './node-connection.ts';
import { nameOf, type HostPort, type RedisAddress } from './redis-address.ts';
import type { Redirection, Servers } from './servers.ts';
import type { ConnectionSettings } from './single-server.ts';
import { redirectedTo, slotRanges, type SlotRange } from './slot-table.ts';

// While a server is missing, another may take its place at any moment.
const refreshMs = { well: 5000, ill: 200 };

interface Server {
  readonly host: HostPort;
  readonly connection: NodeConnection;
}

/**
 * The masters of a Redis Cluster, with a connection to each.
 *
 * Not ioredis's own `Cluster`: that one hides which server answered, and a value is believed only in the life of the server that
 * took it; it does not connect again to a server that left (only after the next `MOVED`); and its pipelines refuse keys of several
 * servers, and with automatic pipelining keep failing after a slot has moved (ioredis#2075).
 */
export class ClusterServers implements Servers {
  readonly isSingle = false;
  readonly #address: RedisAddress;
  readonly #settings: ConnectionSettings;
  readonly #servers = new Map<string, Server>();
  readonly #slots: (Server | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  readonly #firstTable = Promise.withResolvers<void>();
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(address: RedisAddress, settings: ConnectionSettings) {
    this.#address = address;
    const { listener } = settings;
    const lost = (name: string, error: Error | undefined): void => {
      listener.lost?.(name, error);
      this.#plan(0);
    };
    this.#settings = { ...settings, listener: { connected: (name) => listener.connected?.(name), lost } };
    for (const host of address.hosts) this.#serverAt(host);
    this.#plan(0);
  }

  connectionOf(key: string): NodeConnection {
    const connection = this.find(key);
    if (connection === undefined) throw new CacheError('ERR_CACHE_TIER', 'no server of the Redis Cluster is known to have the slot of a key');
    return connection;
  }

  find(key: string): NodeConnection | undefined {
    return this.#slots[keySlot(Buffer.from(key))]?.connection;
  }

  async redirection(error: Error): Promise<Redirection | undefined> {
    const [first] = this.#address.hosts;
    const target = first === undefined ? undefined : redirectedTo(error.message, first);
    if (target === undefined) return undefined;
    const { connection } = this.#serverAt(target.host);
    if (!target.isAsking) this.#plan(0);
    await connection.ready();
    return { connection, isAsking: target.isAsking };
  }

  async ready(): Promise<void> {
    await this.#firstTable.promise;
    await Promise.all([...this.#servers.values()].map(({ connection }) => connection.ready()));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#firstTable.resolve();
    for (const { connection } of this.#servers.values()) connection.close();
  }

  #serverAt(host: HostPort): Server {
    const name = nameOf(host);
    const known = this.#servers.get(name);
    if (known !== undefined) return known;
    const { timeoutMs, maxSilenceMs, listener } = this.#settings;
    const redis = connect(this.#address, { host });
    const server = { host, connection: new NodeConnection({ redis, name, host, address: this.#address, timeoutMs, maxSilenceMs, listener }) };
    this.#servers.set(name, server);
    // The first table waits for nobody but the first server that answers.
    if (this.#slots.every((slot) => slot === undefined)) void server.connection.ready().then(() => this.#plan(0));
    return server;
  }

  #plan(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#refresh(), afterMs).unref();
  }

  /** Never twice at a time, and plans the next one. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#askAnyone().finally(() => {
      this.#refreshing = undefined;
      const isWell = this.#slots.every((server) => server?.connection.epoch !== undefined);
      this.#plan(isWell ? refreshMs.well : refreshMs.ill);
    });
    return this.#refreshing;
  }

  async #askAnyone(): Promise<void> {
    const connected = [...this.#servers.values()].filter(({ connection }) => connection.epoch !== undefined);
    if (connected.length === 0) for (const host of this.#address.hosts) this.#serverAt(host);
    for (const { host, connection } of connected) {
      const [reply] = await connection.run([['CLUSTER', 'SLOTS']]).catch(() => []);
      const ranges = slotRanges(reply, host);
      if (ranges === undefined || ranges.length === 0) continue;
      this.#take(ranges);
      return;
    }
  }

  #take(ranges: readonly SlotRange[]): void {
    if (this.#isClosed) return;
    this.#slots.fill(undefined);
    for (const { from, to, master } of ranges) this.#slots.fill(this.#serverAt(master), from, to + 1);
    const needed = new Set(ranges.map(({ master }) => nameOf(master)));
    for (const [name, { connection }] of this.#servers) {
      if (needed.has(name)) continue;
      this.#servers.delete(name);
      connection.close();
    }
    this.#firstTable.resolve();
  }
}
