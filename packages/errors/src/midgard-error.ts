import type { ErrorName } from './table.ts';
import { errorNameOf, errorTable, httpStatusOf } from './table.ts';

/** What JSON can hold: the type of an error's details, which every encoding of the protocol can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The body of an error on every transport. */
export interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly details?: JsonValue;
}

/** What may come along with an error. */
export interface MidgardErrorOptions {
  /** Shown to the caller; never put SQL, a stack, a path or a secret in it. */
  readonly details?: JsonValue | undefined;
  /** Kept for the log, never shown to the caller. */
  readonly cause?: unknown;
}

/**
 * The one error that a caller of the service sees: a code of protocol.md, a message fit for strangers, details.
 *
 * @example
 * ```ts
 * import { MidgardError } from '@midgard/errors';
 * throw new MidgardError('insufficient', 'not enough gold', { details: { currency: 'gold' } });
 * ```
 */
export class MidgardError extends Error {
  override readonly name: string = 'MidgardError';
  /** The row of the error table. */
  readonly errorName: ErrorName;
  /** The number on the wire. */
  readonly code: number;
  /** The HTTP status that belongs to the code, 400–599. */
  readonly status: number;
  /** What the caller may know beyond the message. */
  readonly details?: JsonValue;

  /**
   * @param name the row of the error table
   * @param message for the caller; empty means the title of the row
   * @param options details for the caller, cause for the log
   */
  constructor(name: ErrorName, message: string, options: MidgardErrorOptions = {}) {
    super(message === '' ? errorTable[name].title : message, 'cause' in options ? { cause: options.cause } : undefined);
    this.errorName = name;
    this.code = errorTable[name].code;
    this.status = httpStatusOf(this.code);
    if (options.details !== undefined) this.details = options.details;
  }

  /**
   * Whether a value is an error of this class and, when a name is given, of that row.
   *
   * @param error anything that was thrown
   * @param name a row of the error table
   */
  static is(error: unknown, name?: ErrorName): error is MidgardError {
    return error instanceof MidgardError && (name === undefined || error.errorName === name);
  }

  /**
   * Rebuilds the error that a server sent.
   *
   * @param body the decoded body; a code that this version does not know becomes `internal` and its number is kept in the message
   * @returns an error to throw on the caller's side
   */
  static fromBody({ code, message, details }: ErrorBody): MidgardError {
    const name = errorNameOf(code);
    if (name === undefined) return new MidgardError('internal', `${message} (unknown code ${code})`, { details });
    return new MidgardError(name, message, { details });
  }

  /** @returns what goes over the wire: never the cause, never the stack */
  toBody(): ErrorBody {
    const { code, message, details } = this;
    return details === undefined ? { code, message } : { code, message, details };
  }
}
