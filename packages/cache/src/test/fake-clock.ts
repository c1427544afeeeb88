/** A clock that a test turns by hand. */
export class FakeClock {
  ms = 1_000_000;

  now(): number {
    return this.ms;
  }
}
