import { describe, expect, test } from 'vitest';
import { MidgardError } from './midgard-error.ts';

describe('MidgardError', () => {
  test('carries number, status and details of its row', () => {
    const error = new MidgardError('insufficient', 'not enough gold', { details: { currency: 'gold' } });
    expect(error).toMatchObject({ name: 'MidgardError', errorName: 'insufficient', code: 2007, status: 422, message: 'not enough gold' });
    expect(error.toBody()).toEqual({ code: 2007, message: 'not enough gold', details: { currency: 'gold' } });
    expect(error).toBeInstanceOf(Error);
  });

  test('its body never shows cause or stack, and has no details key when there are none', () => {
    const error = new MidgardError('internal', 'internal error', { cause: new Error('SELECT * FROM secret') });
    expect(Object.keys(error.toBody())).toEqual(['code', 'message']);
    expect(JSON.stringify(error.toBody())).not.toContain('secret');
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('an empty message becomes the title of the row', () => {
    expect(new MidgardError('rateLimited', '').message).toBe('rate limited');
  });

  test('has no cause property unless one was given', () => {
    expect('cause' in new MidgardError('notFound', 'x')).toBe(false);
    expect('cause' in new MidgardError('notFound', 'x', { cause: undefined })).toBe(true);
  });

  test('is told from other errors, and by its row', () => {
    const error: unknown = new MidgardError('notFound', 'no player 7');
    expect(MidgardError.is(error)).toBe(true);
    expect(MidgardError.is(error, 'notFound')).toBe(true);
    expect(MidgardError.is(error, 'internal')).toBe(false);
    expect(MidgardError.is(new Error('x'))).toBe(false);
    expect(MidgardError.is(null)).toBe(false);
  });

  test('a body that came over the wire becomes the same error again', () => {
    const sent = new MidgardError('versionConflict', 'the row has version 3', { details: { version: 3 } });
    expect(MidgardError.fromBody(sent.toBody()).toBody()).toEqual(sent.toBody());
  });

  test('a code of a newer server becomes internal and keeps its number in the message', () => {
    const error = MidgardError.fromBody({ code: 4711, message: 'from the future' });
    expect(error).toMatchObject({ errorName: 'internal', code: 1000, message: 'from the future (unknown code 4711)' });
  });
});
