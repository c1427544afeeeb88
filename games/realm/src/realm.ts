import { defineGame, type OperationTypes, standardEntities, standardOperations } from '@midgard/game-kit';
import { characterProgress } from './progress/character-progress.ts';
import { playerCounter } from './counter/counter.ts';
import { counterOperations } from './counter/operations.ts';
import { orderEventOperations } from './order-event/operations.ts';
import { orderEvent } from './order-event/order-event.ts';
import { experienceCurve } from './progress/experience-curve.ts';
import { gainExperience } from './progress/gain-experience.ts';
import { season, seasonScore } from './season/entities.ts';
import { seasonOperations } from './season/operations.ts';
import { Seasons } from './season/seasons.ts';
import { trade } from './trade/trade.ts';

/** Realm, an online RPG: the standard players, characters, items, wallets and orders, and trades, levels, seasons, counters and order events of its own. */
export const realm = defineGame({
  manifest: { id: 'realm', number: 2, version: '1.0.0', title: 'Realm' },
  entities: [...standardEntities, characterProgress, season, seasonScore, orderEvent, playerCounter],
  operations: [...standardOperations(), gainExperience, trade, ...seasonOperations, ...orderEventOperations, ...counterOperations],
  publicConfig: { 'experience-curve': experienceCurve },
  extendContext: (ctx) => ({ seasons: new Seasons(ctx) }),
});

/** By operation name, the inputs and outputs of Realm as a client sees them. */
export type RealmOperations = OperationTypes<typeof realm>;
