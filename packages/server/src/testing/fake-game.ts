import type { ExecuteRequest, GameEvents, Operation } from '@midgard/game-kit';
import { MidgardError } from '@midgard/errors';
import { z } from 'zod';
import type { ServedGame } from '../game.ts';

type Run = (input: unknown, request: ExecuteRequest) => unknown;

function operation(given: Pick<Operation, 'kind' | 'code' | 'name' | 'permission'>): Operation {
  return {
    ...given,
    isPublic: given.permission === null,
    http: `POST /${given.name.replace('.', '/')}`,
    summary: undefined,
    input: z.object({}),
    output: z.unknown(),
    idempotent: 'no',
    isVersioned: false,
    event: null,
    owner: undefined,
    cache: undefined,
    changes: {},
    reads: {},
    isWriteBehind: false,
    prepare: () => undefined,
    handle: () => undefined,
    defer: () => undefined,
  };
}

/** Lets a test decide when something goes on. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  /** Work that has come to the gate. */
  waiting = 0;

  async pass(): Promise<void> {
    this.waiting += 1;
    await this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

/** A small game without a database: it echoes, waits, writes to a list, fails in several ways. */
export class FakeGame implements ServedGame {
  readonly handler: ServedGame['handler'];
  readonly publicConfig = undefined;
  /** What happens in it; a test sets it. */
  events: GameEvents | undefined;
  /** What writes did, in the order in which they did it. */
  readonly written: string[] = [];
  /** `gate.wait` and the first write named `slow` wait here. */
  readonly gate: Gate = new Gate();
  /** Reads of `player.get` that ran at once, at most. */
  readsAtOnce = 0;
  /** Signals that the calls came with. */
  readonly signals: AbortSignal[] = [];
  #reading = 0;
  readonly #runs = new Map<number, Run>();

  constructor({ id = 'fake', number = 7 }: { id?: string; number?: number } = {}) {
    const operations: Operation[] = [];
    const add = (code: number, name: string, kind: 'read' | 'write', permission: string | null, run: Run): void => {
      operations.push(operation({ code, name, kind, permission }));
      this.#runs.set(code, run);
    };
    add(1, 'player.get', 'read', 'player:read', (input) => this.#read(input));
    add(3, 'player.update', 'write', 'player:update', (input) => this.#write(input));
    add(20, 'auth.login', 'write', null, () => ({ token: 'x' }));
    add(41, 'order.get', 'read', 'order:read', (input) => ({ echo: input }));
    add(100, 'gate.wait', 'read', 'player:read', async () => {
      await this.gate.pass();
      return { passed: true };
    });
    add(101, 'fail.crash', 'read', 'player:read', () => {
      throw new TypeError('secret of the house');
    });
    add(102, 'fail.input', 'read', 'player:read', () => {
      throw new MidgardError('invalidInput', 'id is missing', { details: { issues: [{ path: 'id', message: 'required' }] } });
    });
    add(103, 'blob.get', 'read', 'player:read', (input) => ({ blob: 'x'.repeat(numberOf(input, 'bytes')) }));
    add(104, 'fail.encode', 'read', 'player:read', () => {
      const circle: Record<string, unknown> = {};
      circle['circle'] = circle;
      return circle;
    });
    this.handler = { manifest: { id, number, version: '1.2.3', title: 'Fake' }, operations };
  }

  async execute(request: ExecuteRequest): Promise<unknown> {
    if (request.signal !== undefined) this.signals.push(request.signal);
    const run = this.#runs.get(request.operation.code);
    return run?.(request.input, request);
  }

  orderKeys({ kind }: Operation, input: unknown): readonly string[] {
    const id = fieldOf(input, 'id');
    const isNamed = typeof id === 'string' || typeof id === 'number';
    return kind === 'write' && isNamed ? [`player:${id}`] : [];
  }

  async #read(input: unknown): Promise<unknown> {
    this.#reading += 1;
    this.readsAtOnce = Math.max(this.readsAtOnce, this.#reading);
    await Promise.resolve();
    this.#reading -= 1;
    return { echo: input, written: this.written.length };
  }

  async #write(input: unknown): Promise<unknown> {
    const mark = String(fieldOf(input, 'mark'));
    if (mark === 'slow') await this.gate.pass();
    if (mark === 'refuse') throw new MidgardError('insufficient', 'not enough gold');
    this.written.push(mark);
    return { mark };
  }
}

/** A field of something that may be no object. */
export function fieldOf(input: unknown, name: string): unknown {
  return typeof input === 'object' && input !== null ? new Map<string, unknown>(Object.entries(input)).get(name) : undefined;
}

function numberOf(input: unknown, name: string): number {
  return Number(fieldOf(input, name) ?? 0);
}
