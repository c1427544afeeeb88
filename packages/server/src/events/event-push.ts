import type { GameEvent } from '@midgard/game-kit';
import type { GameRoute } from '../router.ts';
import { Push } from './push.ts';
import { topicsOf } from './topics.ts';

/** An event of a game on its way to those who listen. */
export class EventPush extends Push {
  readonly sequence: number;
  readonly topics: readonly string[];
  /** The players that it tells of. */
  readonly players: readonly string[];
  /** What the caller needs to read such things, such as `order:read`. */
  readonly permission: string;
  /** What a key that is for some operations only must be for. */
  readonly read: string;

  /** @param route the game that it happened in */
  constructor({ sequence, event, payload, at }: GameEvent, route: Pick<GameRoute, 'id' | 'number' | 'codeOfEvent'>) {
    const { topics, players, area } = topicsOf(event, payload);
    const body = { id: String(sequence), event, topics, at: new Date(at), data: payload };
    super({ game: route.id, number: route.number, code: route.codeOfEvent(event), kind: 'event', body });
    this.sequence = sequence;
    this.topics = topics;
    this.players = players;
    this.permission = `${area}:read`;
    this.read = `${area}.get`;
  }
}
