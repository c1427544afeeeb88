import { z } from 'zod';

const NAME_CHARACTERS = 64;

// A control character cannot be seen, and a lone surrogate cannot be stored as UTF-8.
function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/**
 * Text in any script, emoji included, without control characters.
 *
 * @param least fewest characters (code points) after trimming
 * @param most most characters (code points) after trimming
 */
export function text(least: number, most: number) {
  const error = `text of ${least} to ${most} characters, without control characters`;
  return (
    z
      .string({ error })
      .trim()
      // Ends the work on a megabyte of text before it is spread into code points: none takes more than two units.
      .max(most * 2, { error, abort: true })
      .refine((value) => isPrintable(value) && isWithin(Array.from(value).length, least, most), { error })
  );
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** The name of a player or character: 1–64 characters after trimming, in any script, emoji included. */
export const Name = text(1, NAME_CHARACTERS);

/** The name of a player's account elsewhere: 1–128 characters. */
export const ExternalId = text(1, 128);

/**
 * A key of the game's own making: an item type, a currency, a product, a channel.
 *
 * @param most most characters, at least 1
 */
export function slug(most: number) {
  const error = `1 to ${most} of the characters A–Z a–z 0–9 _ . : -, the first a letter or digit`;
  return z
    .string({ error })
    .max(most, { error, abort: true })
    .regex(/^[A-Za-z0-9][\w.:-]*$/, { error });
}

/** Why something was moved, as the ledger keeps it. */
export const Reason = text(1, 200);

const KEY_ERROR = 'an idempotency key of 8 to 128 printable ASCII characters';

/** The key under which a repeated write gives its first answer again. */
export const IdempotencyKey = z.string({ error: KEY_ERROR }).regex(/^[\x21-\x7e]{8,128}$/, { error: KEY_ERROR });

const PASSWORD_ERROR = 'a password of 8 to 256 characters';

/** A new password. NIST SP 800-63B: a least length, and no rule about which characters. */
export const Password = z
  .string({ error: PASSWORD_ERROR })
  .min(8, { error: PASSWORD_ERROR })
  .max(256, { error: PASSWORD_ERROR })
  .refine((value) => value.isWellFormed(), { error: PASSWORD_ERROR });
