import { PoolError } from './errors.ts';

/**
 * What is out, object by object: the debug mode of the pools. It holds nothing alive, so an object that is lost is
 * collected as ever; it costs a look-up each way, which is why it is off by default.
 */
export class Loans {
  readonly #lent = new WeakSet();

  lend(object: object): void {
    this.#lent.add(object);
  }

  /** @throws {PoolError} `ERR_POOL_NOT_LENT`: it is not out */
  takeBack(object: object): void {
    if (!this.#lent.delete(object)) throw new PoolError('ERR_POOL_NOT_LENT', 'released twice, or never acquired from this pool');
  }
}
