import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TcpClient } from '@midgard/client';
import { realm } from '@midgard/game-realm';
import type { StartedService } from './service-process.ts';

/** What a load saw. */
export interface LoadResult {
  readonly answered: Readonly<Record<'client' | 'keepAlive' | 'freshHttp' | 'freshTcp', number>>;
  readonly failures: readonly string[];
}

type Kind = keyof LoadResult['answered'];

/**
 * Asks for one player in every way that clients have, without a pause between two requests of one lane: over clients that stay, over HTTP
 * connections that are kept, and over a new connection for each request. Nothing is asked again here: each failure counts.
 */
export class WorkerLoad {
  readonly #answered: Record<Kind, number> = { client: 0, keepAlive: 0, freshHttp: 0, freshTcp: 0 };
  readonly #failures: string[] = [];
  readonly #service: StartedService;
  readonly #playerId: string;

  constructor(service: StartedService, playerId: string) {
    this.#service = service;
    this.#playerId = playerId;
  }

  /** How many were answered by now. */
  get answered(): Readonly<Record<Kind, number>> {
    return { ...this.#answered };
  }

  /** Asks until the signal. */
  async run(signal: AbortSignal, lanes: Readonly<Record<Kind, number>> = { client: 8, keepAlive: 8, freshHttp: 2, freshTcp: 2 }): Promise<LoadResult> {
    const agent = new Agent({ keepAlive: true, maxSockets: lanes.keepAlive });
    const clients = await Promise.all(Array.from({ length: lanes.client }, () => this.#dial()));
    const repeated = (kind: Kind, count: number, ask: (lane: number) => Promise<void>): Promise<void>[] =>
      Array.from({ length: count }, (_, lane) => this.#lane(kind, signal, () => ask(lane)));
    await Promise.all([
      ...repeated('client', lanes.client, (lane) => this.#get(clients[lane])),
      ...repeated('keepAlive', lanes.keepAlive, () => this.#fetch(agent)),
      ...repeated('freshHttp', lanes.freshHttp, () => this.#fetch(false)),
      ...repeated('freshTcp', lanes.freshTcp, async () => {
        await using client = await this.#dial();
        await this.#get(client);
      }),
    ]);
    agent.destroy();
    await Promise.all(clients.map((client) => client.close()));
    return { answered: this.answered, failures: this.#failures };
  }

  async #lane(kind: Kind, signal: AbortSignal, ask: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await ask();
        this.#answered[kind] += 1;
      } catch (error) {
        this.#failures.push(`${kind}: ${String(error)}`);
      }
      // So that the machine is not the bottleneck.
      await sleep(5);
    }
  }

  #dial(): Promise<TcpClient> {
    return connect({ port: this.#service.tcpPort, auth: { kind: 'apiKey', key: this.#service.key }, backoff: { baseMs: 5, maxMs: 100 } });
  }

  async #get(client: TcpClient | undefined): Promise<void> {
    await client?.game(realm).call('player.get', { id: this.#playerId });
  }

  #fetch(agent: Agent | false): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const options = { agent, headers: { 'X-API-Key': this.#service.key } };
    const asked = request(`${this.#service.baseUrl}/api/v1/games/realm/players/${this.#playerId}`, options, (answer) => {
      answer.resume().once('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`))));
    });
    asked.once('error', reject);
    asked.end();
    return promise;
  }
}
