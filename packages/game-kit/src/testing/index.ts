export { openGame, type OpenGame } from './open-game.ts';
