import type { WriteLog } from '../write-behind.ts';

/** A durable log in memory: what was appended outlives every runtime that a test ends. */
export class MemoryLog implements WriteLog {
  readonly id: string;
  readonly records: Uint8Array[] = [];
  consumed = 0;
  /** What an append waits for before its record is durable, and then before it says so. */
  beforeDurable: () => Promise<void> = () => Promise.resolve();
  beforeAnswer: () => Promise<void> = () => Promise.resolve();

  constructor(id = 'memory') {
    this.id = id;
  }

  async append(payload: Uint8Array): Promise<number> {
    await this.beforeDurable();
    const sequence = this.records.push(Uint8Array.from(payload));
    await this.beforeAnswer();
    return sequence;
  }

  async *read(after: number): AsyncGenerator<{ readonly sequence: number; readonly payload: Uint8Array }> {
    for (let at = after; at < this.records.length; at += 1) {
      const payload = this.records[at];
      if (payload !== undefined) yield { sequence: at + 1, payload };
    }
  }

  async consume(sequence: number): Promise<void> {
    this.consumed = Math.max(this.consumed, sequence);
  }

  figures(): { readonly durable: number; readonly consumed: number } {
    return { durable: this.records.length, consumed: this.consumed };
  }
}
