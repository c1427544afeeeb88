import { Redis } from 'ioredis';
import { freePort } from '../free-port.ts';
import { startServer, type RedisServer, type RedisSettings } from './redis-server.ts';
import { until } from '../until.ts';

const slotCount = 16_384;
const masterCount = 3;

/** A real Redis Cluster of three masters for a test; servers that fail are missed after a second. */
export class RedisCluster {
  readonly #masters: readonly RedisServer[];
  readonly #replicas: RedisServer[] = [];
  readonly #admins = new Map<RedisServer, Redis>();

  /** Use {@link startRedisCluster}. */
  constructor(masters: readonly RedisServer[]) {
    this.#masters = masters;
  }

  /** The servers that were masters at the start; a third of the slots each, in order. */
  get masters(): readonly RedisServer[] {
    return this.#masters;
  }

  /** `host:port` of each master. */
  get nodes(): readonly string[] {
    return this.#masters.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** A connection for tests to look and to break things; closed with the cluster. */
  admin(server: RedisServer): Redis {
    const known = this.#admins.get(server);
    if (known !== undefined) return known;
    const admin = new Redis(server.url, { maxRetriesPerRequest: 1 }).on('error', () => undefined);
    this.#admins.set(server, admin);
    return admin;
  }

  /** Waits until each of the first masters knows all slots, and serves. */
  isUp(): Promise<void> {
    return until(async () =>
      (
        await Promise.all(
          this.#masters.map((master) =>
            this.admin(master)
              .call('CLUSTER', 'INFO')
              .catch(() => ''),
          ),
        )
      ).every(isWhole),
    );
  }

  /** The master that has this key's slot. */
  async masterOf(key: string): Promise<RedisServer> {
    return this.#masterOfSlot(await this.slotOf(key));
  }

  /** The slot of a key, by the server's own count. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.#admin(0).call('CLUSTER', 'KEYSLOT', key));
  }

  /** Brings a slot to another master with all keys that are in it; meanwhile clients are sent after them. */
  async moveSlot(slot: number, to: RedisServer): Promise<void> {
    await this.beginMove(slot, to);
    await this.finishMove(slot, to);
  }

  /** First half of {@link moveSlot}: the slot is on its way, and so are its keys, of which new ones are asked for at the target. */
  async beginMove(slot: number, to: RedisServer): Promise<void> {
    const from = await this.#masterOfSlot(slot);
    const [source, target] = [this.admin(from), this.admin(to)];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(source));
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(target));
    for (;;) {
      const keys = await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100);
      if (!Array.isArray(keys) || keys.length === 0) return;
      await source.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys.map(String));
    }
  }

  /** Second half of {@link moveSlot}. */
  async finishMove(slot: number, to: RedisServer): Promise<void> {
    const id = await idOf(this.admin(to));
    for (const master of [to, ...this.#masters]) await this.admin(master).call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
  }

  /** Starts a replica of a master, and waits until it follows. */
  async addReplica(of: RedisServer): Promise<RedisServer> {
    const replica = await startNode();
    this.#replicas.push(replica);
    const admin = this.admin(replica);
    await meet(admin, this.admin(of), of.port);
    const id = await idOf(this.admin(of));
    await until(async () => (await admin.call('CLUSTER', 'REPLICATE', id)) === 'OK');
    await until(async () => (await admin.info('replication')).includes('master_link_status:up'));
    // A master gives its vote only to a replica that it knows as one, and the replica asks only the masters that it knows.
    const isKnown = new RegExp(`:${replica.port}@.* slave `);
    await until(async () => (await Promise.all(this.#masters.map((master) => this.#nodesSeenBy(master)))).every((nodes) => isKnown.test(nodes)));
    await until(async () => {
      const nodes = await this.#nodesSeenBy(replica);
      return this.#masters.every(({ port }) => new RegExp(`:${port}@.* master .* connected`).test(nodes));
    });
    return replica;
  }

  /** Ends all servers and deletes their data. */
  async remove(): Promise<void> {
    for (const admin of this.#admins.values()) admin.disconnect();
    await Promise.all([...this.#masters, ...this.#replicas].map((server) => server.remove()));
  }

  async #nodesSeenBy(server: RedisServer): Promise<string> {
    return String(await this.admin(server).call('CLUSTER', 'NODES'));
  }

  #admin(index: number): Redis {
    const server = this.#masters[index];
    if (server === undefined) throw new Error(`no master ${index}`);
    return this.admin(server);
  }

  async #masterOfSlot(slot: number): Promise<RedisServer> {
    const slots = await this.#admin(0).call('CLUSTER', 'SLOTS');
    for (const [from, to, [, port]] of Array.isArray(slots) ? slots : []) {
      const master = this.#masters.find((server) => server.port === Number(port));
      if (slot >= Number(from) && slot <= Number(to) && master !== undefined) return master;
    }
    throw new Error(`no master has slot ${slot}`);
  }
}

/**
 * Starts a cluster of three masters and waits until each of them knows all slots.
 *
 * @throws if there is no binary or it does not start
 */
export async function startRedisCluster(settings: RedisSettings = {}): Promise<RedisCluster> {
  const masters = await Promise.all(Array.from({ length: masterCount }, () => startNode(settings)));
  const cluster = new RedisCluster(masters);
  try {
    for (const [i, master] of masters.entries()) {
      const [from, to] = [Math.floor((i * slotCount) / masterCount), Math.floor(((i + 1) * slotCount) / masterCount) - 1];
      const admin = cluster.admin(master);
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
      // Without epochs of their own two servers that were never told of each other settle it by themselves, which takes its time.
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    }
    for (const master of masters.slice(1)) await meet(cluster.admin(masters[0]!), cluster.admin(master), master.port);
    await cluster.isUp();
    return cluster;
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}

function isWhole(info: unknown): boolean {
  const text = String(info);
  return text.includes('cluster_state:ok') && text.includes(`cluster_slots_ok:${slotCount}`) && text.includes(`cluster_size:${masterCount}`);
}

async function startNode(settings: RedisSettings = {}): Promise<RedisServer> {
  const common = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': '1000',
    'cluster-require-full-coverage': 'no',
    'repl-diskless-sync-delay': '0',
    save: '',
    appendonly: 'no',
  };
  return startServer({ ...common, 'cluster-port': `${await freePort()}`, ...settings });
}

async function meet(admin: Redis, other: Redis, port: number): Promise<void> {
  const [, busPort = ''] = [await other.config('GET', 'cluster-port')].flat().map(String);
  await admin.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
}

async function idOf(admin: Redis): Promise<string> {
  return String(await admin.call('CLUSTER', 'MYID'));
}
