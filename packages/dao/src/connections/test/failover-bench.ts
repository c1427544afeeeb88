import { DaoError } from '../../errors.ts';
import { type FailoverOptions, FailoverPool } from '../failover.ts';
import type { ServerHooks } from '../hooks.ts';
import { hooksOf } from './fake-hooks.ts';
import { FakeServer } from './fake-server.ts';
import { FakeTime } from '@midgard/pool/testing';
import { expectNothingLeft } from './leftovers.ts';

/** Three servers that may take the writes, of which the first does. */
export class FailoverBench {
  readonly time = new FakeTime();
  readonly primary = new FakeServer('primary');
  readonly standby = new FakeServer('standby');
  readonly third = new FakeServer('third');
  readonly moves: string[] = [];
  readonly pool: FailoverPool;

  constructor(options: FailoverOptions = {}, hooks: ServerHooks = hooksOf(this.time)) {
    this.standby.acceptsWrites = false;
    this.third.acceptsWrites = false;
    const heard = { failedOver: ({ from, to }: { readonly from: string; readonly to: string }) => void this.moves.push(`${from} ${to}`) };
    this.pool = new FailoverPool(this.servers, { clock: this.time, timers: this.time, random: () => 0, ...options }, hooks, heard);
    this.pool.start();
  }

  get servers(): readonly FakeServer[] {
    return [this.primary, this.standby, this.third];
  }

  /** What an operator or the cluster does: another server is the primary. */
  promote(server: FakeServer): void {
    for (const each of this.servers) each.acceptsWrites = each === server;
  }

  /** A client that writes every 20 ms. @returns when it could not, and for how long at most */
  async write(ms: number): Promise<{ readonly longestGapMs: number; readonly servers: readonly string[] }> {
    const servers = new Set<string>();
    const end = this.time.now() + ms;
    let longestGapMs = 0;
    let lastAt = this.time.now();
    const client = async (): Promise<void> => {
      while (this.time.now() < end) {
        await this.#writeOnce(servers, () => {
          longestGapMs = Math.max(longestGapMs, this.time.now() - lastAt);
          lastAt = this.time.now();
        });
        await this.time.pass(20);
      }
    };
    const done = client();
    await this.time.advance(ms + 5000);
    await done;
    return { longestGapMs, servers: [...servers] };
  }

  async #writeOnce(servers: Set<string>, done: () => void): Promise<void> {
    try {
      const lease = await this.pool.acquire();
      try {
        await lease.connection.run('update', []);
        servers.add(lease.server);
        lease.release();
        done();
      } catch {
        lease.discard();
      }
    } catch (error) {
      if (!(error instanceof DaoError)) throw error;
    }
  }

  end(): Promise<void> {
    return expectNothingLeft(this.pool, this.time, this.servers);
  }

  states(): readonly string[] {
    return this.pool.usage().map(({ server, state }) => `${server} ${state}`);
  }
}
