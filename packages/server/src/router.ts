import type { Operation } from '@midgard/game-kit';
import { ServerError } from './errors.ts';
import type { ServedGame } from './game.ts';

/** The id of the middleware itself among the games: number 0, where the built-in operations live. */
export const builtInGame = 'midgard';

/** One game as requests find it. */
export class GameRoute {
  readonly game: ServedGame;
  readonly id: string;
  readonly number: number;
  readonly version: string;
  readonly #byCode = new Map<number, Operation>();
  readonly #byName = new Map<string, Operation>();
  readonly #codeByEvent = new Map<string, number>();

  /** @param game the running game; its operations are indexed once */
  constructor(game: ServedGame) {
    const { manifest, operations } = game.handler;
    this.game = game;
    this.id = manifest.id;
    this.number = manifest.number;
    this.version = manifest.version;
    for (const operation of operations) {
      this.#byCode.set(operation.code, operation);
      this.#byName.set(operation.name, operation);
      if (operation.event !== null) this.#codeByEvent.set(operation.event, operation.code);
    }
  }

  /** Finds an operation by its code or its name. O(1). */
  operation(codeOrName: number | string): Operation | undefined {
    return typeof codeOrName === 'number' ? this.#byCode.get(codeOrName) : this.#byName.get(codeOrName);
  }

  /** The code of the operation that an event comes from; 0 for one that the game no longer has. O(1). */
  codeOfEvent(event: string): number {
    return this.#codeByEvent.get(event) ?? 0;
  }
}

/** Knows the games by number and by id, and which of them are switched on. Every look-up is O(1). */
export class GameRouter {
  readonly #all = new Map<string, GameRoute>();
  readonly #enabled = new Map<number | string, GameRoute>();
  #version = 0;

  /** Counts up whenever another game can be reached, or one no longer. */
  get version(): number {
    return this.#version;
  }

  /**
   * Adds a game, switched on.
   * @throws {ServerError} `ERR_SERVER_GAME_CLASH`: its number or id is taken, or is the middleware's own (0, `midgard`)
   */
  add(game: ServedGame): void {
    const route = new GameRoute(game);
    const clash = [...this.#all.values()].find(({ id, number }) => id === route.id || number === route.number);
    if (clash !== undefined || route.number === 0 || route.id === builtInGame) {
      const taken = clash === undefined ? 'the middleware itself' : `game "${clash.id}" (number ${clash.number})`;
      throw new ServerError('ERR_SERVER_GAME_CLASH', `game "${route.id}" (number ${route.number}) clashes with ${taken}`);
    }
    this.#all.set(route.id, route);
    this.setEnabled(route.id, true);
  }

  /** Forgets a game; requests for it answer 2003 from then on. Requests that run are not touched. */
  remove(id: string): void {
    this.setEnabled(id, false);
    this.#all.delete(id);
  }

  /**
   * Switches a game on or off; a game that is off answers 2003 and is not listed.
   * @throws {ServerError} `ERR_SERVER_GAME_UNKNOWN`
   */
  setEnabled(id: string, isEnabled: boolean): void {
    const route = this.#all.get(id);
    if (route === undefined) throw new ServerError('ERR_SERVER_GAME_UNKNOWN', `no game "${id}" was added`);
    this.#version += 1;
    for (const name of [route.id, route.number]) {
      if (isEnabled) this.#enabled.set(name, route);
      else this.#enabled.delete(name);
    }
  }

  /** Finds a game that is on, by number or id. */
  find(game: number | string): GameRoute | undefined {
    return this.#enabled.get(game);
  }

  /** The games that are on, in order of number. */
  routes(): readonly GameRoute[] {
    return [...new Set(this.#enabled.values())].sort((a, b) => a.number - b.number);
  }
}
