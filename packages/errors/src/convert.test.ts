import { describe, expect, test } from 'vitest';
import { toMidgardError } from './convert.ts';
import { MidgardError } from './midgard-error.ts';

function libraryError(code: string, message = 'SELECT secret FROM /var/data', fields: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(message), { code, ...fields });
}

describe('toMidgardError', () => {
  test('an error that is one already passes unchanged', () => {
    const error = new MidgardError('notFound', 'no player 7');
    expect(toMidgardError(error)).toBe(error);
  });

  test.each([
    ['ERR_CODEC_PROTOCOL', 1003],
    ['ERR_CODEC_TOO_LARGE', 1009],
    ['ERR_CODEC_BODY', 2001],
    ['ERR_POOL_EXHAUSTED', 1005],
    ['ERR_CACHE_UNAVAILABLE', 1002],
    ['ERR_DAO_NOT_FOUND', 2002],
    ['ERR_DAO_VERSION', 2006],
    ['ERR_DAO_DUPLICATE', 2005],
    ['ERR_DAO_UNAVAILABLE', 1001],
    ['ERR_DAO_CURSOR', 2001],
    ['ERR_DAO_TIMEOUT', 1004],
    ['ERR_DAO_RANGE', 2001],
    ['ERR_DAO_INSUFFICIENT', 2007],
    ['ERR_DAO_OVERLOADED', 1005],
    ['ERR_DAO_CONFLICT', 1005],
    ['ERR_DAO_CLOSED', 1008],
    ['ERR_POOL_TIMEOUT', 1005],
    ['ERR_POOL_CLOSED', 1008],
    ['ERR_CACHE_TIMEOUT', 1004],
    ['ERR_AUTH_REQUIRED', 3001],
    ['ERR_AUTH_EXPIRED', 3002],
    ['ERR_AUTH_INVALID', 3003],
    ['ERR_AUTH_FORBIDDEN', 3004],
    ['ERR_AUTH_LIMITED', 3005],
  ])('%s becomes %i', (code, number) => {
    const cause = libraryError(code);
    expect(toMidgardError(cause)).toMatchObject({ code: number, cause });
  });

  test.each([
    ['a library code that is a fault of ours', libraryError('ERR_DAO_SCHEMA')],
    ['a code of Node', libraryError('ENOENT')],
    ['a plain error', new Error('password=hunter2')],
    ['a string', 'password=hunter2'],
    ['undefined', undefined],
    ['an object that only looks like an error', { code: 'ERR_DAO_NOT_FOUND', message: 'x' }],
  ])('%s becomes internal and shows nothing', (_name, cause) => {
    const error = toMidgardError(cause);
    expect(error.toBody()).toEqual({ code: 1000, message: 'internal error' });
    expect(error.cause).toBe(cause);
  });

  test('a database message never reaches the caller, its entity and columns do', () => {
    const body = toMidgardError(libraryError('ERR_DAO_DUPLICATE', 'UNIQUE constraint failed', { entity: 'player', columns: ['name'], sql: 'INSERT' })).toBody();
    expect(body).toEqual({ code: 2005, message: 'already exists', details: { entity: 'player', columns: ['name'] } });
  });

  test('a codec message reaches the caller: it speaks of its own bytes', () => {
    expect(toMidgardError(libraryError('ERR_CODEC_BODY', 'body ends early')).message).toBe('body ends early');
  });

  test('a limited caller learns when to come back', () => {
    expect(toMidgardError(libraryError('ERR_AUTH_LIMITED', 'x', { retryAfterMs: 250 })).details).toEqual({ retryAfterMs: 250 });
  });

  test('a signal that ran out is a timeout', () => {
    expect(toMidgardError(new DOMException('late', 'TimeoutError')).code).toBe(1004);
  });
});
