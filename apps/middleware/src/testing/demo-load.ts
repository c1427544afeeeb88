import { connect as connectSocket } from 'node:net';
import { once } from 'node:events';
import { connect, type GameClient, type TcpClient } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import { callRealm, createPlayer } from './realm-http.ts';
import type { StartedService } from './service-process.ts';

/** A little of everything that a day brings, again and again: orders, log-ins, cached reads, mistakes, attacks. */
export class DemoLoad implements AsyncDisposable {
  readonly #service: StartedService;
  readonly #client: TcpClient;
  readonly #players: readonly string[];
  #turn = 0;
  #running: Promise<void> | undefined;
  #isEnding = false;

  private constructor(service: StartedService, client: TcpClient, players: readonly string[]) {
    this.#service = service;
    this.#client = client;
    this.#players = players;
  }

  /** Connects, and makes some players. */
  static async prepare(service: StartedService): Promise<DemoLoad> {
    const client = await connect({ port: service.tcpPort, auth: { kind: 'apiKey', key: service.key } });
    const players = await Promise.all(['Astrid', 'Bragi', 'Mira'].map((name) => createPlayer(service, name)));
    return new DemoLoad(service, client, players);
  }

  /** Goes on until it is disposed of. */
  start(): void {
    const run = async (): Promise<void> => {
      while (!this.#isEnding) await this.turn();
    };
    this.#running ??= run();
  }

  /** One round of everything. */
  async turn(): Promise<void> {
    this.#turn += 1;
    const game = this.#client.game(realm);
    const playerId = this.#players[this.#turn % this.#players.length] ?? '';
    await Promise.all([this.#orders(game, playerId), this.#reads(game, playerId), this.#logIns(), this.#mistakes(playerId)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    await this.#running;
    await this.#client.close();
  }

  #key(of: string): { readonly idempotencyKey: string } {
    return { idempotencyKey: `demo-${of}-${this.#turn}` };
  }

  async #orders(game: GameClient<typeof realm>, playerId: string): Promise<void> {
    const order = async (of: string): Promise<string> => {
      const { id } = await game.call('order.create', { playerId, product: 'gems', quantity: 1, currency: 'eur', amount: 499, ...this.#key(`create-${of}`) });
      await game.call('order.pay', { id, transactionId: `t-${this.#turn}-${of}`, ...this.#key(`pay-${of}`) });
      return id;
    };
    const [delivered, refunded] = [await order('a'), await order('b')];
    await game.call('order.deliver', { id: delivered, ...this.#key('deliver') });
    await game.call('order.refund', { id: refunded, reason: 'regret', ...this.#key('refund') });
    await game.call('orderEvent.record', { id: delivered, kind: 'seen', ...this.#key('event') });
    await game.call('wallet.credit', { playerId, currency: 'gold', amount: 5, reason: 'quest', ...this.#key('credit') });
  }

  async #reads(game: GameClient<typeof realm>, playerId: string): Promise<void> {
    for (let again = 0; again < 10; again += 1) await game.call('player.get', { id: playerId });
    await game.call('wallet.get', { playerId });
    await game.call('player.list', { limit: 5 });
    await callRealm(this.#service, 'GET', `/players/${playerId}`);
    await fetch(`${this.#service.baseUrl}/health`);
  }

  async #logIns(): Promise<void> {
    await callRealm(this.#service, 'POST', '/auth/login', { body: { name: 'nobody', password: `wrong-${this.#turn}` } });
  }

  /** What is refused, by whom it may be, and a caller who does not wait. */
  async #mistakes(playerId: string): Promise<void> {
    await callRealm(this.#service, 'GET', '/players/1');
    await callRealm(this.#service, 'PATCH', `/players/${playerId}`, { body: { level: 'high' } });
    await callRealm(this.#service, 'GET', `/players/${playerId}`, { key: 'wrong' });
    await this.#sendNoFrames();
    await connect({ port: this.#service.tcpPort, auth: { kind: 'apiKey', key: 'wrong' } }).catch(() => undefined);
    const caller = new AbortController();
    const gone = fetch(`${this.#service.baseUrl}/api/v1/games/realm/players?limit=200`, { headers: { 'X-API-Key': this.#service.key }, signal: caller.signal });
    setImmediate(() => caller.abort());
    await gone.catch(() => undefined);
  }

  async #sendNoFrames(): Promise<void> {
    const socket = connectSocket(this.#service.tcpPort, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
  }
}
