import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, connect, type GameClient, type TcpClient } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { MidgardError } from '@midgard/errors';

/** The service is going away or coming back: the same request with the same key is asked again. */
const passing = new Set([1001, 1004, 1005, 1006, 1008, 2010]);
const retryMs = 20;
const lanes = 128;

type Kind = 'order' | 'event' | 'count';

/** What was acknowledged of one kind, by the mark that each request carries into its row. */
interface Acknowledged {
  readonly id: string;
  readonly mark: string;
}

/** The same each time it is asked again. */
interface Request {
  readonly mark: string;
  readonly idempotencyKey: string;
  /** Order that an event is of. */
  readonly orderId: string;
}

/** What a look into the database found. */
export interface Findings {
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly doubled: number;
  /** Rows that were looked for. */
  readonly checked: number;
}

/**
 * Writes orders and their events at a steady rate, and knows what was acknowledged.
 *
 * Orders are created in transactions of their own, events and counters are written behind. Each request has an idempotency
 * key and is asked again with it until it is answered, however often the service goes away meanwhile.
 */
export class OrderStorm {
  readonly acknowledged: Record<Kind, number> = { order: 0, event: 0, count: 0 };
  readonly faults = new Set<string>();
  askedAgain = 0;
  readonly #clients: TcpClient[] = [];
  readonly #perSecond: number;
  readonly #file: string;
  #unchecked: Record<'order' | 'event', Acknowledged[]> = { order: [], event: [] };
  #playerId = '';
  #lastOrder = '';

  /**
   * @param options.perSecond requests a second in all
   * @param options.folder of the service, whose database is looked into from outside
   */
  constructor({ perSecond, folder }: { readonly perSecond: number; readonly folder: string }) {
    this.#perSecond = perSecond;
    this.#file = path.join(folder, 'data/realm.db');
  }

  /** Connects and makes the player whose orders these are. */
  async prepare({ port, key, clients }: { readonly port: number; readonly key: string; readonly clients: number }): Promise<void> {
    const dial = (): Promise<TcpClient> => connect({ port, auth: { kind: 'apiKey', key }, requestTimeoutMs: 30_000, backoff: { baseMs: 20, maxMs: 200 } });
    this.#clients.push(...(await Promise.all(Array.from({ length: clients }, dial))));
    this.#playerId = (await this.#game(0).call('player.create', { name: 'Storm' })).id;
    this.#lastOrder = (await this.#game(0).call('order.create', this.#order(`first-${randomUUID()}`, randomUUID()))).id;
  }

  /** Writes until the signal; each request that was begun is brought to its end. */
  async run(signal: AbortSignal): Promise<void> {
    const begin = performance.now();
    const gapMs = (lanes * 1000) / this.#perSecond;
    const lane = async (number: number): Promise<void> => {
      for (let turn = number / lanes; !signal.aborted; turn = Math.max(turn + 1, (performance.now() - begin) / gapMs - 1)) {
        await sleep(Math.max(0, begin + turn * gapMs - performance.now()));
        await this.#write(this.#game(number));
      }
    };
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  }

  /** How many requests were acknowledged. */
  get total(): number {
    return this.acknowledged.order + this.acknowledged.event + this.acknowledged.count;
  }

  /** Takes what was acknowledged up to now, for {@link look}. */
  take(): Record<'order' | 'event', readonly Acknowledged[]> {
    const taken = this.#unchecked;
    this.#unchecked = { order: [], event: [] };
    return taken;
  }

  /** Looks into the database for what was taken; what is written behind has some time to come. */
  async look(taken: ReturnType<OrderStorm['take']>): Promise<Findings> {
    using database = new ReadOnly(this.#file);
    const lostOrders = database.missing('game_order', 'product', taken.order);
    let lostEvents = taken.event;
    for (let patience = 0; lostEvents.length > 0 && patience < 200; patience += 1) {
      lostEvents = database.missing('order_event', 'kind', lostEvents);
      if (lostEvents.length > 0) await sleep(25);
    }
    const doubled = database.doubled('game_order', 'product') + database.doubled('order_event', 'kind');
    return { lost: lostOrders.length + lostEvents.length, doubled, checked: taken.order.length + taken.event.length };
  }

  /** What the counter stands at, as the service tells it. */
  async counted(): Promise<number> {
    const { counters } = await this.#game(0).call('counter.list', { playerId: this.#playerId });
    return Number(counters['writes'] ?? 0);
  }

  /** Closes the clients. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #game(lane: number): GameClient<typeof realm> {
    const client = this.#clients[lane % this.#clients.length];
    if (client === undefined) throw new RangeError('prepare first');
    return client.game(realm);
  }

  #order(mark: string, idempotencyKey: string) {
    return { playerId: this.#playerId, product: mark, quantity: 1, currency: 'gold', amount: 5, idempotencyKey } as const;
  }

  async #write(game: GameClient<typeof realm>): Promise<void> {
    const kind = kindOf(Math.random());
    const mark = randomUUID().replaceAll('-', '');
    const request = { mark, idempotencyKey: randomUUID(), orderId: this.#lastOrder };
    for (;;) {
      try {
        await this.#ask(game, kind, request);
        this.acknowledged[kind] += 1;
        return;
      } catch (error) {
        const isPassing = error instanceof ClientError || (error instanceof MidgardError && passing.has(error.code));
        if (!isPassing) {
          this.faults.add(String(error));
          return;
        }
        this.askedAgain += 1;
        await sleep(retryMs * (1 + Math.random()));
      }
    }
  }

  async #ask(game: GameClient<typeof realm>, kind: Kind, { mark, idempotencyKey, orderId }: Request): Promise<void> {
    if (kind === 'order') {
      const { id } = await game.call('order.create', this.#order(mark, idempotencyKey));
      this.#unchecked.order.push({ id, mark });
      this.#lastOrder = id;
    } else if (kind === 'event') {
      const { id } = await game.call('orderEvent.record', { id: orderId, kind: mark, idempotencyKey });
      this.#unchecked.event.push({ id, mark });
    } else {
      await game.call('counter.add', { playerId: this.#playerId, name: 'writes', amount: 1, idempotencyKey });
    }
  }
}

/** Nine order writes of ten; half of them in transactions, half written behind. */
function kindOf(random: number): Kind {
  if (random < 0.45) return 'order';
  return random < 0.9 ? 'event' : 'count';
}

/** The service's own file, seen from outside. */
class ReadOnly implements Disposable {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  }

  /** @returns those of which no row has both the id and the mark */
  missing(table: string, column: string, rows: readonly Acknowledged[]): Acknowledged[] {
    const find = this.#database.prepare(`select 1 from ${table} where id = ? and ${column} = ?`);
    return rows.filter(({ id, mark }) => find.get(BigInt(id), mark) === undefined);
  }

  /** @returns how many marks are on more than one row */
  doubled(table: string, column: string): number {
    return this.#database.prepare(`select ${column} from ${table} group by ${column} having count(*) > 1`).all().length;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
