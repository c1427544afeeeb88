import { AuthError, type AuthErrorCode } from '../errors.ts';

/** A clock that a test turns by hand. */
export class FakeClock {
  ms: number;

  constructor(ms = Date.UTC(2026, 0, 1)) {
    this.ms = ms;
  }

  now(): number {
    return this.ms;
  }
}

/** The code with which a promise is refused; 'accepted' if it is not, and what it threw if that is no AuthError. */
export async function refusal(work: Promise<unknown>): Promise<AuthErrorCode | 'accepted'> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof AuthError) return error.code;
    throw error;
  }
}

/** The text with one bit of one character flipped, for each character and each of its lower seven bits. */
export function* bitFlips(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    for (let bit = 0; bit < 7; bit += 1) {
      yield text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
    }
  }
}
