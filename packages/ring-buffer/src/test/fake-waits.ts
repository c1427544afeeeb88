import type { ThreadWaits } from '../index.ts';

/** A clock that tests turn, and waits that end when `onWait` says so: it may push, drain or turn the clock meanwhile. */
export class FakeWaits implements ThreadWaits {
  timeMs = 0;
  readonly timeouts: number[] = [];
  onWait: (timeoutMs: number) => void = (timeoutMs) => {
    this.timeMs += timeoutMs;
  };

  now(): number {
    return this.timeMs;
  }

  block(words: Int32Array<SharedArrayBuffer>, index: number, value: number, timeoutMs: number): void {
    this.timeouts.push(timeoutMs);
    if (Atomics.load(words, index) === value) this.onWait(timeoutMs);
  }

  async pause(words: Int32Array<SharedArrayBuffer>, index: number, value: number, timeoutMs: number): Promise<void> {
    await Promise.resolve();
    this.block(words, index, value, timeoutMs);
  }
}
