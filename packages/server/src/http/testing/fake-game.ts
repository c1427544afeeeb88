import { MidgardError } from '@midgard/errors';
import { type ExecuteRequest, type Operation, PublicConfig } from '@midgard/game-kit';
import { z } from 'zod';
import type { ServedGame } from '../../game.ts';

const Id = z.preprocess(
  (value: string | number | bigint) => (typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value),
  z
    .string({ error: 'an id' })
    .regex(/^\d{1,19}$/, { error: 'an id', abort: true })
    .refine((digits) => BigInt(digits) > 0n && BigInt(digits) < 2n ** 63n, { error: 'an id' }),
);
const Name = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .refine((text) => text.isWellFormed(), { error: 'well-formed text' });
const Player = z.object({ id: z.string(), name: z.string(), level: z.int(), version: z.int() });
type Player = z.output<typeof Player>;

/** What a fake operation is made of; the rest has the usual defaults. */
interface Sketch {
  readonly code: number;
  readonly name: string;
  readonly http: string;
  readonly input: z.ZodObject;
  readonly output: z.ZodType;
  readonly permission?: string | null;
  readonly isVersioned?: boolean;
  readonly idempotent?: 'required' | 'no';
  readonly run: (input: Record<string, unknown>, signal: AbortSignal | undefined) => unknown;
}

function sketch({ run, ...given }: Sketch): { operation: Operation; run: Sketch['run'] } {
  const kind = given.http.startsWith('GET') ? 'read' : 'write';
  const operation: Operation = {
    kind,
    permission: `${given.name.split('.')[0]}:${kind === 'read' ? 'read' : 'update'}`,
    isPublic: given.permission === null,
    summary: undefined,
    idempotent: 'no',
    isVersioned: false,
    event: null,
    owner: 'none',
    cache: undefined,
    changes: {},
    reads: {},
    isWriteBehind: false,
    prepare: () => undefined,
    handle: () => undefined,
    defer: () => undefined,
    ...given,
  };
  return { operation, run };
}

/** A game in memory with one operation for each thing that HTTP does with operations. */
export class FakeGame implements ServedGame {
  readonly handler: ServedGame['handler'];
  readonly publicConfig: PublicConfig;
  readonly events = undefined;
  /** Raw inputs as they arrived, the newest last. */
  readonly inputs: unknown[] = [];
  /** Signals as they arrived, the newest last. */
  readonly signals: (AbortSignal | undefined)[] = [];
  /** Settles once `slow.wait` has been entered. */
  readonly entered: Promise<void>;
  readonly #runs = new Map<string, Sketch['run']>();
  readonly #players = new Map<string, Player>([['1', { id: '1', name: 'Odin', level: 7, version: 3 }]]);
  #enter: () => void = () => undefined;
  /** Ends `slow.wait`. */
  finishSlow: () => void = () => undefined;

  /** @param publicConfig none unless given */
  constructor(id = 'fake', number = 9, publicConfig = new PublicConfig({})) {
    this.publicConfig = publicConfig;
    const sketches = this.#sketches();
    for (const { operation, run } of sketches) this.#runs.set(operation.name, run);
    this.handler = { manifest: { id, number, version: '1.2.3', title: id }, operations: sketches.map(({ operation }) => operation) };
    this.entered = new Promise((resolve) => {
      this.#enter = resolve;
    });
  }

  async execute({ operation, input, signal }: ExecuteRequest): Promise<unknown> {
    this.inputs.push(input);
    this.signals.push(signal);
    const parsed = operation.input.safeParse(input);
    if (parsed.success) return this.#runs.get(operation.name)?.(parsed.data, signal);
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    throw new MidgardError('invalidInput', 'invalid input', { details: { issues } });
  }

  orderKeys(): readonly string[] {
    return [];
  }

  #require(id: unknown): Player {
    const player = this.#players.get(String(id));
    if (player === undefined) throw new MidgardError('notFound', 'no such player');
    return player;
  }

  #update({ id, expectedVersion, name }: Record<string, unknown>): Player {
    const player = this.#require(id);
    if (expectedVersion !== undefined && expectedVersion !== player.version) throw new MidgardError('versionConflict', 'another version');
    const updated = { ...player, version: player.version + 1, name: typeof name === 'string' ? name : player.name };
    this.#players.set(player.id, updated);
    return updated;
  }

  #create({ name }: Record<string, unknown>): Player {
    const player = { id: String(this.#players.size + 1), name: String(name), level: 1, version: 1 };
    this.#players.set(player.id, player);
    return player;
  }

  #wait(signal: AbortSignal | undefined): Promise<unknown> {
    this.#enter();
    return new Promise((resolve, reject) => {
      this.finishSlow = () => resolve({ done: true });
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }

  #sketches(): readonly { operation: Operation; run: Sketch['run'] }[] {
    const input = z.strictObject({ id: Id });
    const list = z.strictObject({ limit: z.int().min(1).max(200).default(50), isActive: z.boolean().optional(), name: z.string().optional() });
    const create = z.strictObject({ name: Name, attributes: z.record(z.string(), z.unknown()).optional() });
    const update = z.strictObject({ id: Id, name: Name.optional(), expectedVersion: z.int().optional() });
    const grant = z.strictObject({ playerId: Id, itemType: z.string(), quantity: Id, idempotencyKey: z.string().min(8) });
    const items = z.object({ items: z.array(Player), nextCursor: z.string().nullable() });
    const done = z.object({ done: z.boolean() });
    const nothing = z.strictObject({});
    return [
      sketch({ code: 1, name: 'player.get', http: 'GET /players/:id', input, output: Player, run: ({ id }) => this.#require(id) }),
      sketch({ code: 2, name: 'player.create', http: 'POST /players', input: create, output: Player, run: (each) => this.#create(each) }),
      sketch({
        code: 3,
        name: 'player.update',
        http: 'PATCH /players/:id',
        input: update,
        output: Player,
        isVersioned: true,
        run: (each) => this.#update(each),
      }),
      sketch({ code: 4, name: 'player.list', http: 'GET /players', input: list, output: items, run: () => ({ items: [], nextCursor: null }) }),
      sketch({ code: 5, name: 'player.delete', http: 'DELETE /players/:id', input, output: done, run: () => ({ done: true }) }),
      sketch({
        code: 31,
        name: 'item.grant',
        http: 'POST /players/:playerId/items/grant',
        input: grant,
        output: done,
        idempotent: 'required',
        run: () => ({ done: true }),
      }),
      sketch({ code: 20, name: 'auth.login', http: 'POST /auth/login', input: nothing, output: done, permission: null, run: () => ({ done: true }) }),
      sketch({
        code: 100,
        name: 'slow.wait',
        http: 'GET /slow',
        input: nothing,
        output: done,
        permission: 'player:read',
        run: (_input, signal) => this.#wait(signal),
      }),
      sketch({ code: 101, name: 'broken.run', http: 'GET /broken', input: nothing, output: done, permission: 'player:read', run: breakDown }),
      sketch({
        code: 102,
        name: 'large.get',
        http: 'GET /large',
        input: nothing,
        output: z.object({ text: z.string(), version: z.int() }),
        permission: 'player:read',
        run: () => ({ text: 'x'.repeat(5000), version: 1 }),
      }),
    ];
  }
}

function breakDown(): never {
  throw new Error('SELECT password FROM /var/lib/secret.db');
}
