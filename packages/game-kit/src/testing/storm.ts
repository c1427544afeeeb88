import type { RowChange } from '@midgard/dao';
import { MidgardError } from '@midgard/errors';
import { bookkeepingEntities } from '../entities/index.ts';
import type { GameHandler } from '../game.ts';
import type { Operation } from '../operation.ts';
import { changedKeys } from '../runtime/changed-keys.ts';
import type { ParsedInput } from '../runtime/validate.ts';
import { openGame } from './open-game.ts';

/** What a generated input can be made from. */
export interface StormWorld {
  /** @returns a number from 0 (included) to 1 (excluded), the same for the same seed */
  random(): number;
  /** @returns one of these */
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** Ids of players that exist, as digits. */
  readonly players: readonly [string, ...string[]];
  /** Ids that operations have answered with, by operation name: what `order.create` made is under that name. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  /** Calls an operation as a service, to set the stage. */
  call(operation: string, input: unknown): Promise<unknown>;
}

/** Makes an input of one operation; the idempotency key is added where one is needed. */
export type InputMaker = (world: StormWorld) => object | Promise<object>;

/** What went wrong in a storm. */
export interface StormFinding {
  readonly operation: string;
  readonly problem: string;
}

const PLAYERS = 4;
const AT_ONCE = 8;

/** Makers for the standard operations whose rules a storm can break. */
const standardMakers: Readonly<Record<string, InputMaker>> = {
  'item.grant': (world) => ({ playerId: world.pick(world.players), ...stack(world) }),
  'item.consume': (world) => ({ playerId: world.pick(world.players), ...stack(world) }),
  'item.transfer': (world) => ({ playerId: world.pick(world.players), toPlayerId: world.pick(world.players), ...stack(world) }),
  'wallet.credit': (world) => ({ playerId: world.pick(world.players), ...money(world) }),
  'wallet.debit': (world) => ({ playerId: world.pick(world.players), ...money(world) }),
  'order.create': (world) => ({ playerId: world.pick(world.players), product: 'gems', quantity: 1, currency: 'EUR', amount: 499 }),
  'order.pay': (world) => ({ id: anOrder(world), transactionId: `t${Math.floor(world.random() * 10)}` }),
  'order.deliver': (world) => ({ id: anOrder(world) }),
  'order.refund': (world) => ({ id: anOrder(world), reason: 'storm' }),
  'player.update': (world) => ({ id: world.pick(world.players), level: Math.floor(world.random() * 100) }),
  'character.create': (world) => ({ playerId: world.pick(world.players), name: 'Storm', class: 'mage' }),
};

/** What a storm needs. */
export interface StormOptions {
  readonly handler: GameHandler;
  readonly inputs: Readonly<Record<string, InputMaker>>;
  readonly seed: number;
  readonly steps: number;
}

/**
 * Calls a game's writes at random, several at once and some of them twice, and looks for what must never be: an internal
 * error, a repeated key that answers differently, a change that was not declared, a ledger that does not add up.
 *
 * @returns what was found; empty where all is well
 */
export async function storm({ handler, inputs, seed, steps }: StormOptions): Promise<readonly StormFinding[]> {
  const findings: StormFinding[] = [];
  const listener = {
    committed: (event: { operation: Operation; input: ParsedInput; changes: readonly RowChange[] }) => findings.push(...undeclared(handler, event)),
  };
  await using game = await openGame(handler, { listener });
  const call = (name: string, input: unknown): Promise<unknown> => game.call(name, input);
  const made = new Map<string, string[]>();
  const players = await makePlayers(call);
  const random = seeded(seed);
  const world: StormWorld = { random, pick: (choices) => choices[Math.floor(random() * choices.length)] ?? choices[0], players, made, call };
  const makers = Object.entries({ ...standardMakers, ...inputs }).filter(([name]) => handler.operations.some((operation) => operation.name === name));
  const [first, ...rest] = makers;
  if (first === undefined) return findings;
  for (let step = 0; step < steps; step += AT_ONCE) {
    const calls: Promise<void>[] = [];
    for (let lane = 0; lane < AT_ONCE; lane++) {
      const [name, maker] = world.pick([first, ...rest]);
      calls.push(
        play({ name, input: withKey(handler, name, await maker(world), `storm-${seed}-${step}-${lane}`), isTwice: random() < 0.2, call, made, findings }),
      );
    }
    await Promise.all(calls);
  }
  const { violations } = await game.runtime.ledgerReport();
  return [...findings, ...violations.map(({ rule, subject, message }) => ({ operation: subject, problem: `${rule}: ${message}` }))];
}

interface Play {
  readonly name: string;
  readonly input: object;
  readonly isTwice: boolean;
  readonly call: StormWorld['call'];
  readonly made: Map<string, string[]>;
  readonly findings: StormFinding[];
}

async function play({ name, input, isTwice, call, made, findings }: Play): Promise<void> {
  const first = await answer(call(name, input));
  if (first.code === 1000) findings.push({ operation: name, problem: `answered "internal error" to ${JSON.stringify(input)}` });
  if (first.code !== 0) return;
  const id = idOf(first.output);
  if (id !== undefined) made.set(name, [...(made.get(name) ?? []), id]);
  if (!isTwice || !('idempotencyKey' in input)) return;
  const second = await answer(call(name, input));
  if (JSON.stringify(second) !== JSON.stringify(first)) findings.push({ operation: name, problem: 'a repeated idempotency key gave another answer' });
}

async function answer(work: Promise<unknown>): Promise<{ readonly code: number; readonly output?: unknown }> {
  try {
    return { code: 0, output: await work };
  } catch (error) {
    return { code: MidgardError.is(error) ? error.code : 1000 };
  }
}

/** A hook may write whatever the game needs: its operations are held against the ledgers only. */
function undeclared(
  { hooks, entities }: GameHandler,
  { operation, input, changes }: { operation: Operation; input: ParsedInput; changes: readonly RowChange[] },
): StormFinding[] {
  const { name } = operation;
  if (hooks.before[name] !== undefined || hooks.after[name] !== undefined) return [];
  const declared = new Set(changedKeys(operation, input).map(({ entity, key }) => `${entity}:${key}`));
  const rowColumns = new Map(entities.map((entity) => [entity.name, entity.cacheBy[0]]));
  return changes
    .filter(({ entity, column }) => column === rowColumns.get(entity))
    .filter(({ entity, cacheKey }) => !bookkeepingEntities.has(entity) && operation.changes[entity] !== 'unknown' && !declared.has(`${entity}:${cacheKey}`))
    .map(({ entity, cacheKey }) => ({ operation: name, problem: `changed ${entity}:${cacheKey}, which its \`changes\` do not name` }));
}

async function makePlayers(call: StormWorld['call']): Promise<[string, ...string[]]> {
  const ids: string[] = [];
  for (let i = 0; i < PLAYERS; i++) ids.push(idOf(await call('player.create', { name: `Storm ${i}` })) ?? '');
  const [first = '', ...others] = ids;
  return [first, ...others];
}

function withKey(handler: GameHandler, name: string, input: object, key: string): object {
  const isKeyed = handler.operations.find((operation) => operation.name === name)?.idempotent !== 'no';
  return isKeyed ? { ...input, idempotencyKey: key } : input;
}

function stack(world: StormWorld): object {
  return { itemType: world.pick(['sword', 'potion']), quantity: 1 + Math.floor(world.random() * 9), reason: 'storm' };
}

function money(world: StormWorld): object {
  return { currency: world.pick(['gold', 'gems']), amount: 1 + Math.floor(world.random() * 90), reason: 'storm' };
}

function anOrder(world: StormWorld): string {
  const orders = world.made.get('order.create') ?? [];
  return orders[Math.floor(world.random() * orders.length)] ?? '1';
}

function idOf(output: unknown): string | undefined {
  return typeof output === 'object' && output !== null && 'id' in output && typeof output.id === 'string' ? output.id : undefined;
}

/** Mulberry32 (T. Ettinger, public domain): small, and good enough to choose what to call. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
