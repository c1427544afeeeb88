import type { JsonValue } from '@midgard/errors';

/** The topic of every event of a game. */
export const everything = 'game';
/** The topic of every event about an order. */
export const orders = 'orders';
/** The topic of the service's own figures; of game number 0. */
export const figures = 'metrics';

/** A topic that a client may name: what must be allowed to the caller who subscribes to it. */
export type TopicRule =
  /** What this read answers, to the caller. */
  | { readonly reads: string; readonly id: string }
  /** This permission, this operation where the key is for some only; and no player: it tells of all of them. */
  | { readonly needs: string; readonly read: string };

const ofOne = /^(player|order):([1-9]\d{0,18})$/;

/** @returns undefined: there is no such topic in a game */
export function ruleOf(topic: string): TopicRule | undefined {
  if (topic === everything) return { needs: 'game:read', read: 'game.get' };
  if (topic === orders) return { needs: 'order:read', read: 'order.get' };
  const [, kind, id] = ofOne.exec(topic) ?? [];
  return kind === undefined || id === undefined ? undefined : { reads: `${kind}.get`, id };
}

/** Where an event belongs. */
export interface EventTopics {
  readonly topics: readonly string[];
  /** Ids of the players that it tells of. */
  readonly players: readonly string[];
  /** What it is about, by the name that permissions have for it: `order` of `order.pay`. */
  readonly area: string;
}

/**
 * The topics of an event: `player:<id>` for each player that its output names as `playerId`, at its top or one step below, or as `id` where the
 * event is about a player; `orders` and `order:<id>` for an order; `game` for all.
 */
export function topicsOf(event: string, payload: JsonValue): EventTopics {
  const dot = event.indexOf('.');
  const area = dot === -1 ? event : event.slice(0, dot);
  const players = new Set<string>();
  const id = textOf(payload, 'id');
  if (area === 'player' && id !== undefined) players.add(id);
  notePlayer(players, payload);
  if (isObject(payload)) for (const part of Object.values(payload)) notePlayer(players, part);
  const topics = [...players].map((player) => `player:${player}`);
  if (area === 'order') topics.push(orders);
  if (area === 'order' && id !== undefined) topics.push(`order:${id}`);
  topics.push(everything);
  return { topics, players: [...players], area };
}

function notePlayer(players: Set<string>, value: JsonValue | undefined): void {
  const id = textOf(value, 'playerId');
  if (id !== undefined) players.add(id);
}

function textOf(value: JsonValue | undefined, name: string): string | undefined {
  const field = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof field === 'string' ? field : undefined;
}

function isObject(value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
