import { z } from 'zod';

/** The largest 64-bit signed integer: what the databases, and so the wire, can hold. */
export const MAX_INT64 = 2n ** 63n - 1n;

const MAX_DIGITS = 19;

// Integers beyond 2^53 lose digits as numbers, so only safe ones are taken; the rest must come as a string or, from MessagePack, as a bigint.
function digitsOf(value: string | number | bigint): unknown {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)) ? String(value) : value;
}

function int64(least: bigint, what: string) {
  const error = `${what}: a whole number from ${least} to ${MAX_INT64}, as a string of digits or a safe integer`;
  return z.preprocess(
    digitsOf,
    z
      .string({ error })
      .max(MAX_DIGITS, { error, abort: true })
      .regex(/^\d+$/, { error, abort: true })
      .transform((digits) => BigInt(digits))
      .refine((value) => value >= least && value <= MAX_INT64, { error }),
  );
}

function wholeNumber(least: number, most: number) {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** An id on input: digits, safe integer or bigint → bigint, 1 … 2^63−1. */
export const Id = int64(1n, 'an id');

/** An amount of money or a quantity on input, 1 … 2^63−1 → bigint. */
export const Amount = int64(1n, 'an amount');

/** Like {@link Amount}, zero included. */
export const AmountOrZero = int64(0n, 'an amount');

/** A 64-bit id on output: bigint → digits, since JSON numbers end at 2^53. */
export const IdText = z.bigint().transform(String).pipe(z.string().regex(/^\d+$/));

/** A 64-bit amount on output: bigint → digits, with a minus sign where a ledger entry takes away. */
export const AmountText = z
  .bigint()
  .transform(String)
  .pipe(z.string().regex(/^-?\d+$/));

/** A whole number within 32 bits, 0 … 2^31−1: what an `int` column holds. */
export const Int = wholeNumber(0, 2 ** 31 - 1);

/**
 * A whole number that may come from a query string, and so as digits.
 *
 * @param least smallest value allowed
 * @param most largest value allowed
 */
export function queryInt(least: number, most: number) {
  return z.preprocess((value: string | number) => (typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value), wholeNumber(least, most));
}

/** The version of the row that a change expects (`If-Match` over HTTP), from 1. */
export const ExpectedVersion = queryInt(1, 2 ** 31 - 1);
