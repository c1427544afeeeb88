import { GameKitError } from '../game-kit-error.ts';
import type { Operation } from '../operation.ts';
import { login, logout, refresh, verifyToken } from './auth.ts';
import { getCharacter, listCharacters } from './character/read.ts';
import { createCharacter, deleteCharacter, updateCharacter } from './character/write.ts';
import { consumeItem, grantItem, listItems, transferItem } from './item.ts';
import { getOrder, listOrders } from './order/read.ts';
import { createOrder, deliverOrder, payOrder, refundOrder } from './order/write.ts';
import { getPlayer, listPlayers } from './player/read.ts';
import { createPlayer, deletePlayer, updatePlayer } from './player/write.ts';
import { creditWallet, debitWallet, getWallet, walletHistory } from './wallet.ts';

const all = [
  getPlayer,
  createPlayer,
  updatePlayer,
  listPlayers,
  deletePlayer,
  getCharacter,
  createCharacter,
  updateCharacter,
  listCharacters,
  deleteCharacter,
  login,
  verifyToken,
  refresh,
  logout,
  listItems,
  grantItem,
  consumeItem,
  transferItem,
  createOrder,
  getOrder,
  listOrders,
  payOrder,
  deliverOrder,
  refundOrder,
  getWallet,
  creditWallet,
  debitWallet,
  walletHistory,
] as const;

/** Any of the operations that every game has. */
export type StandardOperation = (typeof all)[number];

/** How a game differs from the standard. */
export interface StandardOptions<Omitted extends StandardOperation['name'], Replaced extends readonly Operation[]> {
  /** Operations that the game does without. */
  readonly omit?: readonly Omitted[];
  /** Operations that take the place of the standard ones of the same name; their codes stay. */
  readonly replace?: Replaced;
}

type Kept<Omitted, Replaced extends readonly Operation[]> = Exclude<StandardOperation, { readonly name: Omitted | Replaced[number]['name'] }>;

/**
 * The operations that every game has, by protocol.md: players, characters, log-ins, items, orders, wallets.
 *
 * @param options what the game leaves out or does its own way
 * @throws {GameKitError} `ERR_GAME_OPERATION`: a replacement is for no standard operation, or has another code
 */
export function standardOperations<const Omitted extends StandardOperation['name'] = never, const Replaced extends readonly Operation[] = readonly []>(
  options: StandardOptions<Omitted, Replaced> = {},
): readonly (Kept<Omitted, Replaced> | Replaced[number])[] {
  const replace: readonly Replaced[number][] = options.replace ?? [];
  const gone = new Set<string>([...(options.omit ?? []), ...replace.map(({ name }) => name)]);
  for (const { name, code } of replace) {
    if (all.find((operation) => operation.name === name)?.code !== code) {
      throw new GameKitError('ERR_GAME_OPERATION', `${name}: no standard operation has this name and the code ${code}`);
    }
  }
  const isKept = (operation: StandardOperation): operation is Kept<Omitted, Replaced> => !gone.has(operation.name);
  return [...all.filter(isKept), ...replace];
}
