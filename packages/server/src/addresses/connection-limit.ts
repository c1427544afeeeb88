import type { AddressSet } from './address-set.ts';
import { limitedAs } from './address-set.ts';
import { ServerError } from '../errors.ts';

/** How {@link ConnectionLimit} counts. */
export interface ConnectionLimitOptions {
  /** Open connections of one address, or of one IPv6 network of 64 bits; at least 1. */
  readonly max: number;
  /** Addresses that are not limited, such as proxies, behind which many stand. Default: none. */
  readonly except?: Pick<AddressSet, 'has'>;
}

/**
 * Counts open connections by address, so that one client cannot take them all (OWASP API4:2023, ASVS 5 §15.2.2).
 * O(1); remembers only addresses that have a connection.
 */
export class ConnectionLimit {
  readonly #max: number;
  readonly #except: Pick<AddressSet, 'has'> | undefined;
  readonly #open = new Map<string, number>();

  /** @throws {ServerError} `ERR_SERVER_OPTION`: `max` is no integer of at least 1 */
  constructor({ max, except }: ConnectionLimitOptions) {
    if (!Number.isSafeInteger(max) || max < 1)
      throw new ServerError('ERR_SERVER_OPTION', `the limit of connections must be an integer of at least 1, not ${max}`);
    this.#max = max;
    this.#except = except;
  }

  /**
   * Counts a connection that was opened.
   *
   * @param address of the peer; '' (it has gone already) is not counted
   * @returns what to call when the connection has closed, or null: it is one too many and was not counted
   */
  enter(address: string): (() => void) | null {
    if (address === '' || this.#except?.has(address) === true) return () => undefined;
    const key = limitedAs(address);
    const open = this.#open.get(key) ?? 0;
    if (open >= this.#max) return null;
    this.#open.set(key, open + 1);
    return () => this.#leave(key);
  }

  #leave(key: string): void {
    const open = this.#open.get(key) ?? 0;
    if (open > 1) this.#open.set(key, open - 1);
    else this.#open.delete(key);
  }
}
