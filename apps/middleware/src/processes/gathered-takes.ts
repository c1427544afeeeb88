/** Something that is taken of a limit: by whom, and how many. */
export type Take = readonly [key: string, count: number];

/**
 * Asks one question at a time: what is taken while one is under way goes together in the next. A storm of handshakes takes one for each of them,
 * and a question by itself costs as much as half a handshake; when it is quiet nobody waits for anybody.
 */
export class GatheredTakes {
  readonly #ask: (takes: readonly Take[]) => Promise<readonly number[]>;
  #takes: Take[] = [];
  /** What those wait for that are being gathered. */
  #next: Promise<readonly number[]> | undefined;
  /** Ends with the question that is under way, however it ends. */
  #underWay: Promise<unknown> = Promise.resolve();

  /** @param ask answers for each in its place: 0, or how many milliseconds it is to wait */
  constructor(ask: (takes: readonly Take[]) => Promise<readonly number[]>) {
    this.#ask = ask;
  }

  /**
   * @returns what the answer is for this one
   * @throws what the question throws in which this one went, and {@link RangeError} where it has no answer for this one
   */
  async take(key: string, count: number): Promise<number> {
    const at = this.#takes.push([key, count]) - 1;
    this.#next ??= this.#askNext();
    const answer = (await this.#next)[at];
    if (answer === undefined) throw new RangeError('an answer is missing');
    return answer;
  }

  async #askNext(): Promise<readonly number[]> {
    await this.#underWay;
    const takes = this.#takes;
    this.#takes = [];
    this.#next = undefined;
    const asked = this.#ask(takes);
    this.#underWay = asked.catch(() => undefined);
    return asked;
  }
}
