import type { MixPart } from '../mixes.ts';
import type { Call } from './call.ts';
import type { Flow } from './flow.ts';
import type { Outcome } from './link.ts';

/** The flows of one slot: each request is the next one of a flow that is drawn by its share. */
export class SlotFlow implements Flow {
  readonly #flows: readonly Flow[];
  readonly #upTo: readonly number[];
  readonly #random: () => number;
  #drawn = 0;

  /** @param flowOf makes the flow of a part */
  constructor(mix: readonly MixPart[], flowOf: (part: MixPart) => Flow, random: () => number) {
    const all = mix.reduce((sum, { share }) => sum + share, 0);
    let sum = 0;
    this.#flows = mix.map(flowOf);
    this.#upTo = mix.map(({ share }) => (sum += share / all));
    this.#random = random;
  }

  next(): Call {
    this.#drawn = this.#flows.length === 1 ? 0 : this.#draw();
    return this.#flow.next();
  }

  answered(outcome: Outcome, body: () => unknown): void {
    this.#flow.answered(outcome, body);
  }

  get #flow(): Flow {
    const flow = this.#flows[this.#drawn] ?? this.#flows[0];
    if (flow === undefined) throw new RangeError('a mix without parts');
    return flow;
  }

  #draw(): number {
    const at = this.#random();
    return this.#upTo.findIndex((limit) => at < limit);
  }
}
