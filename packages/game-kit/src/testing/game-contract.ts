import { strict as assert } from 'node:assert';
import { z } from 'zod';
import { pathParameters } from '../define-operation.ts';
import { CONTRACT_VERSION, type GameHandler } from '../game.ts';
import type { Operation } from '../operation.ts';
import { standardOperations } from '../operations/index.ts';
import { type InputMaker, storm } from './storm.ts';

/** One thing that every game promises. Runs under any test runner: `run` rejects if the promise is broken. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** What the suite cannot know of a game by itself. */
export interface ContractOptions {
  /** For each write of the game's own, how to make an input of it: so it takes part in the storms. */
  readonly inputs?: Readonly<Record<string, InputMaker>>;
  /** Operations in a storm, 200 unless told. */
  readonly steps?: number;
  /** What the storms are made from; each seed is one storm. */
  readonly seeds?: readonly number[];
}

const FIRST_OWN_CODE = 100;
const PERMISSION_SHAPE = /^[a-z][A-Za-z0-9-]*:[a-z][A-Za-z0-9-]*$/;

const standardCodes: ReadonlyMap<string, number> = new Map(standardOperations().map(({ name, code }) => [name, code]));

/**
 * What the middleware relies on in every game; a game's tests run it against the game.
 *
 * @param handler what `defineGame` gave
 * @param options inputs for the game's own writes
 * @example
 * ```ts
 * import { defineGame, standardEntities, standardOperations } from '@midgard/game-kit';
 * import { gameContract } from '@midgard/game-kit/testing';
 * import { test } from 'vitest';
 *
 * const realm = defineGame({ manifest: { id: 'realm', number: 2, version: '1.0.0', title: 'Realm' }, entities: standardEntities, operations: standardOperations() });
 * for (const { name, run } of gameContract(realm)) test(name, run);
 * ```
 */
export function gameContract(handler: GameHandler, options: ContractOptions = {}): readonly ContractCase[] {
  const { inputs = {}, steps = 200, seeds = [1, 2] } = options;
  const { operations } = handler;
  const each = (name: string, check: (operation: Operation) => void): ContractCase => ({
    name,
    run: async () => operations.forEach((operation) => naming(operation, check)),
  });
  return [
    { name: `it was built for contract ${CONTRACT_VERSION}`, run: async () => assert.equal(handler.contract, CONTRACT_VERSION) },
    { name: 'codes, names and routes are unique', run: async () => requireDistinct(operations) },
    each('standard operations keep their codes and own ones begin at 100', requireCode),
    each('inputs are objects that refuse unknown fields', requireStrict),
    each('path parameters are fields of the input', requireParameters),
    each('input and output have a JSON Schema', requireSchemas),
    each('each is public or needs a permission of the form resource:action', requirePermission),
    each('each says what a player token may do', ({ owner }) => assert.notEqual(owner, undefined, 'no owner policy: name the owner, or say "any" or "none"')),
    { name: 'every write of its own takes part in the storms', run: async () => requireMakers(operations, inputs) },
    ...seeds.map((seed) => ({
      name: `a storm of operations keeps every promise (seed ${seed})`,
      run: async () => assert.deepEqual(await storm({ handler, inputs, seed, steps }), []),
    })),
  ];
}

function naming(operation: Operation, check: (operation: Operation) => void): void {
  try {
    check(operation);
  } catch (error) {
    throw new assert.AssertionError({ message: `${operation.name}: ${error instanceof Error ? error.message : String(error)}` });
  }
}

function requireDistinct(operations: readonly Operation[]): void {
  for (const trait of [({ code }: Operation) => String(code), ({ name }: Operation) => name, ({ http }: Operation) => http.replaceAll(/:[A-Za-z0-9]+/g, ':')]) {
    const values = operations.map(trait);
    assert.deepEqual(
      values.filter((value, at) => values.indexOf(value) !== at),
      [],
    );
  }
}

function requireCode({ name, code }: Operation): void {
  const standard = standardCodes.get(name);
  if (standard === undefined) assert.ok(code >= FIRST_OWN_CODE && code <= 65_535, `its code ${code} is not within 100 to 65535`);
  else assert.equal(code, standard);
}

function requireStrict({ input }: Operation): void {
  const { error } = input.safeParse({ fieldThatNobodyDefined: 1 });
  assert.ok(
    error?.issues.some((issue) => issue.code === 'unrecognized_keys'),
    'its input takes unknown fields',
  );
}

function requireParameters({ http, input }: Operation): void {
  assert.deepEqual(
    pathParameters(http).filter((parameter) => !(parameter in input.shape)),
    [],
  );
}

function requireSchemas({ input, output }: Operation): void {
  z.toJSONSchema(input, { io: 'input' });
  z.toJSONSchema(output, { io: 'output' });
}

function requirePermission({ isPublic, permission }: Operation): void {
  assert.ok(isPublic ? permission === null : permission !== null && PERMISSION_SHAPE.test(permission), `its permission is ${permission}`);
}

function requireMakers(operations: readonly Operation[], inputs: Readonly<Record<string, InputMaker>>): void {
  const own = operations.filter(({ kind, name }) => kind === 'write' && !standardCodes.has(name)).map(({ name }) => name);
  assert.deepEqual(
    own.filter((name) => inputs[name] === undefined),
    [],
    'gameContract needs `inputs` for these',
  );
}
