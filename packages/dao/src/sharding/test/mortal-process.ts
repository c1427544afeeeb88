import type { Database } from '../../database.ts';
import { DaoError } from '../../errors.ts';
import { intercepted } from './sharded-fixture.ts';

/** A process that dies at its n-th piece of database work: before it, or after it was committed and before anyone was told. */
export class MortalProcess {
  /** Pieces of work since the process was told when to die. */
  work = 0;
  #isDead = false;
  #diesAt = Number.POSITIVE_INFINITY;
  #isCommitted = false;

  /** @param diesAt from 1, counted from now on */
  dieAt(diesAt: number, isCommitted: boolean): void {
    this.work = 0;
    this.#diesAt = diesAt;
    this.#isCommitted = isCommitted;
  }

  /** @returns the database as this process reaches it */
  readonly around = (database: Database): Database =>
    intercepted(database, (name, run) => (name === 'transaction' || name === 'read' ? this.#perform(run) : run()));

  async #perform(run: () => unknown): Promise<unknown> {
    if (this.#isDead) throw dead();
    this.work += 1;
    if (this.work < this.#diesAt) return run();
    this.#isDead = true;
    if (this.#isCommitted) await run();
    throw dead();
  }
}

function dead(): DaoError {
  return new DaoError('ERR_DAO_UNAVAILABLE', 'the process is dead');
}
