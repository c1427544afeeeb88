export { gameContract, type ContractCase, type ContractOptions } from './game-contract.ts';
export type { InputMaker, StormWorld } from './storm.ts';
export { ManualClock, openGame, type OpenGame, playerCaller, readableTokens, service } from './open-game.ts';
