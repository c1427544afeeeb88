import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { overlay, resolveName } from './environment.ts';
import { envNameOf, type Path, upperSnake } from './path.ts';
import { pathsOf } from './unknown-keys.ts';

const key = fc.stringMatching(/^[a-z]{1,4}([A-Z][a-z]{1,3}){0,2}[0-9]?$/);
const leaf: fc.Arbitrary<z.ZodType> = fc.constantFrom<z.ZodType>(
  z.string(),
  z.number().default(1),
  z.boolean().optional(),
  z.array(z.string()).nullable(),
  z.union([z.literal('auto'), z.int()]),
);
const wrap = (schema: z.ZodType): fc.Arbitrary<z.ZodType> =>
  fc.constantFrom<z.ZodType>(
    schema,
    schema.optional(),
    schema.nullable(),
    schema.readonly(),
    z.lazy(() => schema),
    z.preprocess((value) => value, schema),
    schema.transform((value) => value),
  );
const { tree } = fc.letrec<{ tree: z.ZodType; node: z.ZodType }>((tie) => ({
  node: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie('tree')),
  tree: fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 4 }).chain((shape) => wrap(z.object(shape))),
}));

describe('names of variables', () => {
  test('every place of any schema is found again by its name, unless two places share one', () => {
    fc.assert(
      fc.property(tree, (schema) => {
        const paths = pathsOf(schema, undefined);
        const names = paths.map((path) => envNameOf(path, 'X'));
        for (const path of paths) {
          const name = envNameOf(path, 'X');
          const found = resolveName(name.slice(2), schema, undefined, false);
          expect(envNameOf(found ?? [], 'X')).toBe(name);
          if (names.filter((other) => other === name).length === 1) expect(found).toEqual(path);
        }
      }),
    );
  });

  test('every known id of a record is found again, whatever its spelling', () => {
    const schema = z.object({ games: z.record(z.string(), z.object({ enabled: z.boolean(), maxPlayers: z.int() })) });
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/), { selector: upperSnake, minLength: 1 }), (ids) => {
        const known = { games: Object.fromEntries(ids.map((id) => [id, {}])) };
        for (const id of ids) {
          const path: Path = ['games', id, 'maxPlayers'];
          expect(resolveName(envNameOf(path, 'X').slice(2), schema, known, false)).toEqual(path);
        }
      }),
    );
  });

  test('an id that no one knows is written with dashes, or as its key schema wants', () => {
    const entry = z.object({ url: z.string() });
    expect(resolveName('A_MY_GAME_URL', z.object({ a: z.record(z.string(), entry) }), {}, false)).toEqual(['a', 'my-game', 'url']);
    expect(resolveName('A_MY_GAME_URL', z.object({ a: z.record(z.string().regex(/^\w+$/), entry) }), {}, false)).toEqual(['a', 'my_game', 'url']);
    expect(resolveName('A_MY_GAME_URL', z.object({ a: z.record(z.enum(['other']), entry) }), {}, false)).toBeUndefined();
    expect(resolveName('LABELS_SOME_THING', z.object({ labels: z.record(z.string(), z.string()) }), {}, false)).toEqual(['labels', 'some-thing']);
  });

  test('a name with an empty word makes no id', () => {
    const schema = z.object({ a: z.record(z.string(), z.object({ url: z.string() })) });
    expect(resolveName('A__URL', schema, {}, false)).toBeUndefined();
    expect(resolveName('A__X_URL', schema, {}, false)).toBeUndefined();
  });

  test('places behind preprocess steps and lazy schemas are found', () => {
    const inner = z.object({ port: z.int() });
    expect(resolveName('A_PORT', z.object({ a: z.preprocess((value) => value ?? {}, inner) }), {}, false)).toEqual(['a', 'port']);
    expect(resolveName('A_PORT', z.object({ a: z.lazy(() => inner) }), {}, false)).toEqual(['a', 'port']);
    expect(resolveName('A_PORT', z.object({ a: inner.and(z.object({ host: z.string() })) }), {}, false)).toEqual(['a', 'port']);
  });

  test('a schema that holds itself has as many places as are worth naming', () => {
    const node: z.ZodType = z.object({ value: z.int(), next: z.lazy(() => node).optional() });
    expect(resolveName('NEXT_NEXT_VALUE', node, {}, false)).toEqual(['next', 'next', 'value']);
    expect(pathsOf(node, undefined)).toHaveLength(24);
  });

  test('of two keys that both fit the longer wins, and the shorter when only that fits', () => {
    const schema = z.object({ data: z.object({ dir: z.string(), url: z.string() }), dataDir: z.string() });
    expect(resolveName('DATA_DIR', schema, {}, false)).toEqual(['dataDir']);
    expect(resolveName('DATA_URL', schema, {}, false)).toEqual(['data', 'url']);
  });

  test('the alternatives of a union are all looked into', () => {
    const store = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('file'), path: z.string() }),
      z.object({ kind: z.literal('redis'), url: z.string() }),
    ]);
    const schema = z.object({ store });
    const names = new Map([
      ['X_STORE_KIND', 'redis'],
      ['X_STORE_URL', 'redis://r'],
    ]);
    expect(overlay(schema, {}, names, 'X').data).toEqual({ store: { kind: 'redis', url: 'redis://r' } });
  });
});

describe('overlay', () => {
  test('leaves the given data and the default of the schema unchanged', () => {
    const initial = { realm: { enabled: true } };
    const schema = z.object({ games: z.record(z.string(), z.object({ enabled: z.boolean() })).default(initial), n: z.int().default(1) });
    const data = { n: 2 };
    expect(
      overlay(
        schema,
        data,
        new Map([
          ['X_GAMES_REALM_ENABLED', '0'],
          ['X_N', '3'],
        ]),
        'X',
      ).data,
    ).toEqual({ n: 3, games: { realm: { enabled: false } } });
    expect(data).toEqual({ n: 2 });
    expect(initial).toEqual({ realm: { enabled: true } });
  });
});
