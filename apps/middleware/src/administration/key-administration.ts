import { type ApiKeyInfo, type ApiKeys, mayCall, type Principal } from '@midgard/auth';
import type { Database } from '@midgard/dao';
import { type ExecuteRequest, invalidInput, MidgardError, notFound, type Operation, parseInput } from '@midgard/game-kit';
import type { Rights } from '@midgard/server';
import type { z } from 'zod';
import type { ServiceAudit } from '../audit/service-audit.ts';
import { apiKey } from '../key-store.ts';
import type { Run } from './administered-game.ts';
import { keyInputs, keyOperations } from './key-operations.ts';

/** What {@link KeyAdministration} works with. */
export interface KeyAdministrationParts {
  /** The keys, for one who acts: what is done to them is noted under that name. */
  readonly keysOf: (actor: ServiceAudit) => ApiKeys;
  readonly rights: Pick<Rights, 'covers' | 'roles'>;
  /** The service's own. */
  readonly database: Database;
  readonly audit: ServiceAudit;
}

/** One call of an admin. */
interface Act {
  readonly game: string;
  readonly caller: Principal;
  readonly keys: ApiKeys;
  readonly audit: ServiceAudit;
}

/** What a key may do, and until when. */
type Reach = Pick<ApiKeyInfo, 'games' | 'role' | 'operations'>;

/**
 * API keys over the service's own operations, as the command line manages them.
 *
 * Nobody gets more by them than they have (OWASP ASVS 5 §8.2, CWE-269): a caller makes, renews and ends only keys whose games, operations and
 * permissions are among the caller's own, and none that is good for longer than the caller's.
 */
export class KeyAdministration {
  readonly #parts: KeyAdministrationParts;

  constructor(parts: KeyAdministrationParts) {
    this.#parts = parts;
  }

  /** The operations, for one game. */
  operationsOf(game: string): ReadonlyMap<Operation, Run> {
    const own = new Map<Operation, Run>();
    const on = <I>(operation: Operation, schema: z.ZodType<I>, run: (act: Act, input: I) => Promise<unknown>): void => {
      own.set(operation, async (raw, request) => {
        parseInput(operation, raw);
        // The raw one again, for its type: what was parsed once may hold dates.
        const input = schema.parse(raw ?? {});
        return operation.output.parse(await this.#audited(game, request, (act) => run(act, input)));
      });
    };
    on(keyOperations.list, keyInputs.none, (act) => this.#list(act));
    on(keyOperations.create, keyInputs.create, (act, input) => this.#create(act, input));
    on(keyOperations.revoke, keyInputs.id, (act, { id }) => this.#revoke(act, id));
    on(keyOperations.rotate, keyInputs.rotate, (act, input) => this.#rotate(act, input));
    return own;
  }

  /** What is done is noted with it, by the store; what is refused for want of rights, here. */
  async #audited(game: string, { operation, caller, origin, input }: ExecuteRequest, run: (act: Act) => Promise<unknown>): Promise<unknown> {
    if (caller === null || caller.kind === 'player') throw new MidgardError('notPermitted', 'keys are not for players');
    const audit = this.#parts.audit.of(caller, origin);
    try {
      return await run({ game, caller, audit, keys: this.#parts.keysOf(audit) });
    } catch (error) {
      if (MidgardError.is(error, 'notPermitted'))
        await audit.note(this.#parts.database, { operation: operation.name, entity: apiKey.name, subject: '', changes: { game, input }, outcome: error.code });
      throw error;
    }
  }

  async #list({ game, keys, audit }: Act): Promise<unknown> {
    await audit.note(this.#parts.database, { operation: 'key.list', entity: apiKey.name, subject: '', changes: { game } });
    return { items: (await keys.list()).filter((key) => isFor(game, key)).map(listed) };
  }

  async #create({ game, caller, keys }: Act, { role, operations, label, expiresAt }: z.output<typeof keyInputs.create>): Promise<unknown> {
    const known = this.#parts.rights.roles.filter((each) => each !== 'player');
    if (!known.includes(role)) throw wrong('role', `no such role; there are ${known.join(', ')}`);
    if (expiresAt !== undefined && expiresAt.getTime() <= Date.now()) throw wrong('expiresAt', 'a time in the future');
    const wanted = { games: [game], role, operations: operations ?? null, expiresAt: expiresAt?.getTime() ?? null };
    this.#requireReach(caller, wanted);
    requireAsShort(caller, wanted);
    return made(await keys.create({ ...wanted, label }));
  }

  async #revoke(act: Act, id: string): Promise<unknown> {
    this.#requireReach(act.caller, await keyOf(act, id));
    await act.keys.revoke(id);
    return { id, revoked: true };
  }

  async #rotate(act: Act, { id, overlapSeconds }: { id: string; overlapSeconds: number }): Promise<unknown> {
    const old = await keyOf(act, id);
    this.#requireReach(act.caller, old);
    requireAsShort(act.caller, old);
    const created = await act.keys.rotate(id, { overlapMs: overlapSeconds * 1000 });
    if (created === undefined) throw new MidgardError('invalidTransition', 'the key has ended: make a new one', { details: { id } });
    return made(created);
  }

  /** @throws {MidgardError} 3004 */
  #requireReach(caller: Principal, { games, role, operations }: Reach): void {
    const { games: own } = caller;
    const hasGames = own === '*' || (games !== '*' && games.every((game) => own.includes(game)));
    const hasOperations = caller.operations === undefined || (operations?.every((operation) => mayCall(caller, operation)) ?? false);
    if (!hasGames || !hasOperations || !this.#parts.rights.covers(caller, role, games))
      throw new MidgardError('notPermitted', 'the key may do what you may not', { details: { role } });
  }
}

/** @throws {MidgardError} 3004: it would be good for longer than what the caller came with */
function requireAsShort({ expiresAt: end }: Principal, { expiresAt }: Pick<ApiKeyInfo, 'expiresAt'>): void {
  if (end !== null && (expiresAt === null || expiresAt > end))
    throw new MidgardError('notPermitted', 'the key would be good for longer than yours', { details: { until: new Date(end).toISOString() } });
}

/** @throws {MidgardError} 2002: no key of this game has the id */
async function keyOf({ game, keys }: Act, id: string): Promise<ApiKeyInfo> {
  const key = (await keys.list()).find((each) => each.id === id);
  if (key === undefined || !isFor(game, key)) throw notFound('API key', id);
  return key;
}

function isFor(game: string, { games }: Pick<ApiKeyInfo, 'games'>): boolean {
  return games === '*' || games.includes(game);
}

function made({ key, record }: { readonly key: string; readonly record: ApiKeyInfo }) {
  const { id, role, games, operations, label, createdAt, expiresAt } = record;
  return { key, id, role, games, operations, label, createdAt: new Date(createdAt), expiresAt: moment(expiresAt) };
}

function listed({ createdAt, expiresAt, revokedAt, lastUsedAt, ...rest }: ApiKeyInfo) {
  const times = { createdAt: new Date(createdAt), expiresAt: moment(expiresAt), revokedAt: moment(revokedAt), lastUsedAt: moment(lastUsedAt) };
  return { ...rest, ...times };
}

function moment(epochMs: number | null): Date | null {
  return epochMs === null ? null : new Date(epochMs);
}

function wrong(path: string, expected: string): MidgardError {
  return invalidInput([{ path, message: expected, expected }]);
}
