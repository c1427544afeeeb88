import { type Place, WaitingLine } from './waiting-line.ts';

/** How soon a task is wanted. */
export type Priority = 'high' | 'normal' | 'low';

/** Names a {@link Priority}; the most urgent first. */
export const priorities: readonly Priority[] = ['high', 'normal', 'low'];

/** Under a flood of urgent tasks each other line still gets every 17th thread or so. */
export const maxPassedOver = 16;

interface Lane<T> {
  readonly line: WaitingLine<T>;
  passedOver: number;
}

/**
 * Three lines, of which the most urgent is served first, but one that was passed over {@link maxPassedOver} times in a row comes
 * next; if `low` and `normal` both were, `low` and then `normal`. Within a line: first come, first served. Every operation is O(1).
 */
export class PriorityLine<T extends { readonly enqueuedAt: number }> {
  readonly #lanes: Readonly<Record<Priority, Lane<T>>> = { high: lane(), normal: lane(), low: lane() };

  /** How many wait. */
  get size(): number {
    const { high, normal, low } = this.#lanes;
    return high.line.size + normal.line.size + low.line.size;
  }

  /** When whoever has waited longest came; undefined if nobody waits. */
  get oldestEnqueuedAt(): number | undefined {
    let oldest: number | undefined;
    for (const priority of priorities) {
      const at = this.#lanes[priority].line.first?.enqueuedAt;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return oldest;
  }

  push(value: T, priority: Priority): Place<T> {
    return this.#lanes[priority].line.push(value);
  }

  /** Takes one out wherever it stands. @returns false if it was no longer there */
  remove(place: Place<T>, priority: Priority): boolean {
    return this.#lanes[priority].line.remove(place);
  }

  /** Takes out whose turn it is. */
  shift(): T | undefined {
    const { high, normal, low } = this.#lanes;
    const served = [low, normal].find(isOverdue) ?? [high, normal, low].find(hasWaiting);
    if (served === undefined) return undefined;
    for (const other of [high, normal, low]) if (other !== served && hasWaiting(other)) other.passedOver += 1;
    served.passedOver = 0;
    return served.line.shift();
  }
}

function lane<T>(): Lane<T> {
  return { line: new WaitingLine(), passedOver: 0 };
}

function hasWaiting<T>({ line }: Lane<T>): boolean {
  return line.size > 0;
}

function isOverdue<T>({ line, passedOver }: Lane<T>): boolean {
  return line.size > 0 && passedOver >= maxPassedOver;
}
