import { defineGame } from '../define-game.ts';
import { standardEntities } from '../entities/index.ts';
import { standardOperations } from '../operations/index.ts';

/** A game that is nothing but the standard. */
export const standardGame = defineGame({
  manifest: { id: 'test', number: 7, version: '1.0.0', title: 'Test' },
  entities: standardEntities,
  operations: standardOperations(),
});
