import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PermissionTable } from './permissions.ts';
import { roleNames, type Role } from './principal.ts';

const compile = (table: PermissionTable, roles: readonly string[]) => {
  // What a store or a token names may be no role at all, whatever the types say.
  const principal: { roles: readonly Role[] } = JSON.parse(JSON.stringify({ roles }));
  return table.compile(principal);
};

test.each<[Role, string[], string[]]>([
  ['game-server', ['player:read', 'wallet:credit', 'trade:play', 'item:grant'], ['admin:read', 'admin:keys']],
  [
    'web',
    ['player:read', 'player:create', 'order:create', 'order:pay', 'auth:login'],
    ['player:update', 'order:refund', 'order:deliver', 'wallet:credit', 'item:grant', 'admin:read', 'trade:play'],
  ],
  ['viewer', ['player:read', 'admin:read', 'anything:read'], ['player:update', 'wallet:credit', 'auth:login']],
  ['operator', ['player:delete', 'wallet:credit', 'order:refund', 'season:read', 'admin:cache', 'admin:alerts'], ['admin:keys', 'season:close']],
  ['admin', ['admin:keys', 'player:delete', 'season:close'], []],
  [
    'player',
    ['player:read', 'order:create', 'auth:refresh', 'trade:play'],
    ['player:update', 'wallet:credit', 'order:pay', 'item:grant', 'admin:read', 'player:create'],
  ],
])('%s may what its row says and no more', (role, may, mayNot) => {
  for (const isRegistered of [false, true]) {
    const table = new PermissionTable();
    if (isRegistered) for (const permission of [...may, ...mayNot]) table.register(permission);
    const set = compile(table, [role]);
    expect(may.filter((permission) => !set.has(permission))).toEqual([]);
    expect(mayNot.filter((permission) => set.has(permission))).toEqual([]);
  }
});

test.each(['root', '', '__proto__', 'constructor', 'toString', 'Admin', 'admin ', '*'])('unknown role "%s" gets nothing', (role) => {
  const table = new PermissionTable();
  const index = table.register('player:read');
  const set = compile(table, [role]);
  expect([set.hasIndex(index), set.has('player:read'), set.has('other:read')]).toEqual([false, false, false]);
});

test.each(['*', 'player:*', '*:read', '*:*', '', ':', 'player', 'player:read:all', 'player:read\n', '!admin:*', '__proto__'])(
  '"%s" is no permission: nobody has it',
  (permission) => {
    const table = new PermissionTable();
    expect(roleNames.filter((role) => compile(table, [role]).has(permission))).toEqual([]);
    expect(() => table.register(permission)).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
  },
);

test('what one role is denied another may still give', () => {
  const set = compile(new PermissionTable(), ['game-server', 'admin']);
  expect(set.has('admin:keys')).toBe(true);
});

test('a set compiled before a permission was registered learns of it, past any number of words', () => {
  const table = new PermissionTable();
  const viewer = compile(table, ['viewer']);
  const indexes = Array.from({ length: 300 }, (_, i) => [table.register(`r${i}:read`), table.register(`r${i}:write`)] as const);
  expect(indexes.every(([read, write]) => viewer.hasIndex(read) && !viewer.hasIndex(write))).toBe(true);
  expect([viewer.hasIndex(600), viewer.hasIndex(100_000), viewer.hasIndex(-1)]).toEqual([false, false, false]);
});

test('registering twice gives the same place, and the same roles share one set', () => {
  const table = new PermissionTable();
  expect(table.register('player:read')).toBe(table.register('player:read'));
  expect(compile(table, ['web', 'viewer'])).toBe(compile(table, ['viewer', 'web', 'web']));
});

test('require tells a missing permission', () => {
  const set = compile(new PermissionTable(), ['viewer']);
  set.require('player:read');
  expect(() => set.require('player:update')).toThrow(expect.objectContaining({ code: 'ERR_AUTH_FORBIDDEN' }));
});

test.each(['player', 'player:', '*:*:*', '**', '!', '!!a:b', 'player:re*'])('the pattern "%s" is refused', (pattern) => {
  expect(() => new PermissionTable({ x: [pattern] })).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
});

describe('other roles in the place of those before', () => {
  test('change what open sessions may do at once: a right that is taken away is gone, a new one is there', () => {
    const table = new PermissionTable({ clerk: ['player:read', 'wallet:credit'], gone: ['player:read'] });
    const [read, credit, update] = ['player:read', 'wallet:credit', 'player:update'].map((permission) => table.register(permission));
    const [clerk, gone, later] = [compile(table, ['clerk']), compile(table, ['gone']), compile(table, ['later'])];
    table.redefine({ clerk: ['player:*'], later: ['player:read'] });
    expect([read, credit, update].map((index) => clerk.hasIndex(index ?? -1))).toEqual([true, false, true]);
    expect([gone.has('player:read'), clerk.has('wallet:credit'), clerk.has('player:delete')]).toEqual([false, false, true]);
    expect([later.has('player:read'), later.hasIndex(read ?? -1), later.has('player:update')]).toEqual([true, true, false]);
    expect(table.roles).toEqual(['clerk', 'later']);
  });

  test('change nothing if one of them is malformed', () => {
    const table = new PermissionTable({ clerk: ['player:read'] });
    const set = compile(table, ['clerk']);
    expect(() => table.redefine({ clerk: ['*'], odd: ['player'] })).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
    expect([set.has('player:read'), set.has('player:delete')]).toEqual([true, false]);
  });
});

describe('who hands out a role', () => {
  const table = new PermissionTable({
    all: ['*'],
    most: ['*', '!admin:keys'],
    readers: ['*:read'],
    players: ['player:*'],
    both: ['*:read', 'player:*'],
    writer: ['other:write', 'player:read'],
    nothing: [],
  });
  test.each([
    [['all'], 'most', true],
    [['most'], 'all', false],
    [['most'], 'readers', true],
    [['readers'], 'players', false],
    [['readers', 'players'], 'both', true],
    [['players'], 'both', false],
    [['readers'], 'writer', false],
    [['nothing'], 'nothing', true],
    [['unknown'], 'nothing', true],
    [[], 'players', false],
    [['unknown'], 'readers', false],
  ])('%j has all of %s: %s', (roles, role, covers) => {
    expect(table.covers({ roles }, role)).toBe(covers);
  });
});

describe('property', () => {
  const side = fc.constantFrom('a', 'b', 'c');
  const star = fc.oneof(side, fc.constant('*'));
  const pattern = fc.tuple(fc.boolean(), star, star).map(([isDenied, resource, action]) => `${isDenied ? '!' : ''}${resource}:${action}`);
  const rolesTable = fc.dictionary(fc.constantFrom('r1', 'r2', 'r3'), fc.array(pattern, { maxLength: 4 }));

  test('a role is covered exactly if no permission is given that is not held', () => {
    fc.assert(
      fc.property(rolesTable, fc.subarray(['r1', 'r2']), (roles, held) => {
        const table = new PermissionTable(roles);
        // One more than the patterns name on either side.
        const names = ['a', 'b', 'c', 'd'];
        const all = names.flatMap((resource) => names.map((action) => `${resource}:${action}`));
        const [given, own] = [compile(table, ['r3']), compile(table, held)];
        expect(table.covers({ roles: held }, 'r3')).toBe(all.every((permission) => !given.has(permission) || own.has(permission)));
      }),
    );
  });

  test('the bits say what reading the patterns says', () => {
    fc.assert(
      fc.property(rolesTable, fc.subarray(['r1', 'r2', 'r3']), fc.boolean(), (roles, held, isEarly) => {
        const table = new PermissionTable(roles);
        const early = isEarly ? compile(table, held) : undefined;
        const all = ['a', 'b', 'c'].flatMap((resource) => ['a', 'b', 'c'].map((action) => ({ resource, action })));
        const indexes = all.map(({ resource, action }) => table.register(`${resource}:${action}`));
        const set = early ?? compile(table, held);
        all.forEach(({ resource, action }, i) => {
          const matches = (text: string) => new RegExp(`^${text.replaceAll('*', '.')}$`).test(`${resource}:${action}`);
          const expected = held.some((role) => {
            const patterns = (Object.hasOwn(roles, role) ? roles[role] : undefined) ?? [];
            return patterns.some((text) => !text.startsWith('!') && matches(text)) && !patterns.some((text) => text.startsWith('!') && matches(text.slice(1)));
          });
          expect(set.hasIndex(indexes[i] ?? -1)).toBe(expected);
          expect(set.has(`${resource}:${action}`)).toBe(expected);
        });
      }),
    );
  });
});
