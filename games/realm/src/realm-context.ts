import type { GameContext } from '@midgard/game-kit';
import type { Seasons } from './season/seasons.ts';

/** What an operation of Realm has at hand: the kit's own, and the seasons. */
export type RealmContext = GameContext & { readonly seasons: Seasons };
