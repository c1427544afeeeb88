import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, connect, type GameClient, type TcpClient } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { MidgardError } from '@midgard/errors';
import { Books } from './books.ts';

const currencies = ['gold', 'gem'];
const itemTypes = ['sword', 'potion', 'rune'];
/** Refusals that the rules of the game give; anything else that is not a lost connection is a fault of the service. */
const refusals = new Set([2007]);
/** The service is going away or coming back: the same request with the same key is asked again. */
const passing = new Set([1001, 1004, 1005, 1006, 1008, 2010]);
const retryMs = 25;

type Call = (client: TcpClient, idempotencyKey: string) => Promise<unknown>;

/** One random step: the call, and what it makes or uses up if it is acknowledged. */
interface Step {
  readonly call: Call;
  readonly posts: readonly { readonly asset: string; readonly delta: bigint }[];
}

/** What a storm did. */
export interface StormResult {
  readonly acknowledged: number;
  readonly refused: number;
  readonly askedAgain: number;
  readonly faults: readonly string[];
}

/**
 * Many clients that trade items and move money at random over TCP.
 *
 * Every request has an idempotency key and is asked again with it until it is answered, however often the service goes
 * away meanwhile; so the books know exactly what must be in the database at the end.
 */
export class Storm {
  readonly books = new Books();
  readonly #clients: TcpClient[] = [];
  readonly #players: string[] = [];
  readonly #random: () => number;
  readonly #faults = new Set<string>();
  #acknowledged = 0;
  #refused = 0;
  #askedAgain = 0;

  /** @param random 0 inclusive to 1 exclusive; seed it to repeat a storm */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Connects the clients and creates the players between whom things move. */
  async prepare({ port, key, clients, players }: { port: number; key: string; clients: number; players: number }): Promise<void> {
    const dial = (): Promise<TcpClient> => connect({ port, auth: { kind: 'apiKey', key }, requestTimeoutMs: 30_000, backoff: { baseMs: 20, maxMs: 500 } });
    for (let index = 0; index < clients; index += 50) {
      this.#clients.push(...(await Promise.all(Array.from({ length: Math.min(50, clients - index) }, dial))));
    }
    for (let index = 0; index < players; index++) {
      const { id } = await this.#pick(this.#clients)
        .game(realm)
        .call('player.create', { name: `Player ${index}` });
      this.#players.push(id);
    }
  }

  /** How many steps were acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Lets every client take steps, one after the other, until the signal; each step begun is brought to its end. */
  async run(signal: AbortSignal): Promise<StormResult> {
    await Promise.all(this.#clients.map((client) => this.#wander(client, signal)));
    return { acknowledged: this.#acknowledged, refused: this.#refused, askedAgain: this.#askedAgain, faults: [...this.#faults] };
  }

  /** What all players hold together, as the service tells it. */
  async holdings(): Promise<ReadonlyMap<string, bigint>> {
    const held = new Map<string, bigint>();
    const add = (asset: string, amount: bigint): void => void held.set(asset, (held.get(asset) ?? 0n) + amount);
    for (const playerId of this.#players) {
      const game = this.#pick(this.#clients).game(realm);
      const { balances } = await game.call('wallet.get', { playerId });
      for (const [currency, balance] of Object.entries(balances)) add(currency, BigInt(balance));
      const { items } = await game.call('item.list', { playerId, limit: 200 });
      for (const { itemType, quantity } of items) add(`item:${itemType}`, BigInt(quantity));
    }
    return held;
  }

  /** Closes the clients. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #wander(client: TcpClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#bringToItsEnd(client, this.#step());
  }

  async #bringToItsEnd(client: TcpClient, { call, posts }: Step): Promise<void> {
    const idempotencyKey = randomUUID();
    for (;;) {
      const outcome = await call(client, idempotencyKey).then(() => 'acknowledged' as const, outcomeOf);
      if (outcome === 'again') {
        this.#askedAgain++;
        await sleep(retryMs * (1 + this.#random()));
        continue;
      }
      if (outcome === 'acknowledged') {
        this.#acknowledged++;
        for (const { asset, delta } of posts) this.books.post(asset, delta);
      } else if (outcome === 'refused') this.#refused++;
      else this.#faults.add(outcome.fault);
      return;
    }
  }

  #step(): Step {
    const player = this.#pick(this.#players);
    const other = this.#pick(this.#players);
    const currency = this.#pick(currencies);
    const itemType = this.#pick(itemTypes);
    const amount = BigInt(1 + Math.floor(this.#random() * 50));
    const steps: readonly (() => Step)[] = [
      () => step((game, key) => game.call('wallet.credit', { playerId: player, currency, amount, reason: 'storm', idempotencyKey: key }), currency, amount),
      () => step((game, key) => game.call('wallet.debit', { playerId: player, currency, amount, reason: 'storm', idempotencyKey: key }), currency, -amount),
      () =>
        step(
          (game, key) => game.call('item.grant', { playerId: player, itemType, quantity: amount, reason: 'storm', idempotencyKey: key }),
          `item:${itemType}`,
          amount,
        ),
      () =>
        step(
          (game, key) => game.call('item.consume', { playerId: player, itemType, quantity: amount, reason: 'storm', idempotencyKey: key }),
          `item:${itemType}`,
          -amount,
        ),
      ...(player === other ? [] : [() => transferStep(player, other, itemType, amount), () => tradeStep(player, other, { currency, itemType, amount })]),
    ];
    return this.#pick(steps)();
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.#random() * list.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }
}

type RealmClient = GameClient<typeof realm>;

function step(call: (game: RealmClient, key: string) => Promise<unknown>, asset: string, delta: bigint): Step {
  return { call: (client, key) => call(client.game(realm), key), posts: [{ asset, delta }] };
}

function transferStep(playerId: string, toPlayerId: string, itemType: string, quantity: bigint): Step {
  return {
    call: (client, idempotencyKey) => client.game(realm).call('item.transfer', { playerId, toPlayerId, itemType, quantity, reason: 'storm', idempotencyKey }),
    posts: [],
  };
}

function tradeStep(first: string, second: string, { currency, itemType, amount }: { currency: string; itemType: string; amount: bigint }): Step {
  const sides = { first: { playerId: first, items: [{ itemType, quantity: amount }] }, second: { playerId: second, money: [{ currency, amount }] } };
  return { call: (client, idempotencyKey) => client.game(realm).call('trade.execute', { ...sides, idempotencyKey }), posts: [] };
}

function outcomeOf(error: unknown): 'again' | 'refused' | { readonly fault: string } {
  if (error instanceof ClientError) return 'again';
  if (!(error instanceof MidgardError)) return { fault: String(error) };
  if (passing.has(error.code)) return 'again';
  return refusals.has(error.code) ? 'refused' : { fault: `${error.code} ${error.message}` };
}
