/** A game as game-kit would define it, reduced to what the client looks at. */
interface ToyOperation<Name extends string, Kind extends 'read' | 'write', Input, Output> {
  readonly kind: Kind;
  readonly code: number;
  readonly name: Name;
  readonly http: string;
  readonly types?: { readonly input: Input; readonly output: Output };
}

export interface ToyPlayer {
  readonly id: string;
  readonly name: string;
}

const get: ToyOperation<'player.get', 'read', { id: string | bigint }, ToyPlayer> = { kind: 'read', code: 1, name: 'player.get', http: 'GET /players/:id' };
const create: ToyOperation<'player.create', 'write', { name: string }, ToyPlayer> = { kind: 'write', code: 2, name: 'player.create', http: 'POST /players' };
const update: ToyOperation<'player.update', 'write', { id: string; name?: string; expectedVersion?: number }, ToyPlayer> = {
  kind: 'write',
  code: 3,
  name: 'player.update',
  http: 'PATCH /players/:id',
};
const list: ToyOperation<'player.list', 'read', { name?: string; limit?: number }, { items: ToyPlayer[]; nextCursor: string | null }> = {
  kind: 'read',
  code: 4,
  name: 'player.list',
  http: 'GET /players',
};
const credit: ToyOperation<'wallet.credit', 'write', { playerId: string; amount: bigint; idempotencyKey: string }, { balance: string }> = {
  kind: 'write',
  code: 51,
  name: 'wallet.credit',
  http: 'POST /players/:playerId/wallet/credit',
};

export const toy: {
  readonly manifest: { readonly id: 'toy'; readonly number: 7 };
  readonly operations: readonly [typeof get, typeof create, typeof update, typeof list, typeof credit];
} = { manifest: { id: 'toy', number: 7 }, operations: [get, create, update, list, credit] };
