import { chooseCoding, type Coding, codingNames } from '../reply.ts';

/** Values that are remembered; a client may make up more. */
const maxValues = 64;

/** Which content coding the values of `Accept-Encoding` choose: worked out once for each of them. */
export class AcceptedCodings {
  readonly #known = new Map<string, Coding | null>();

  /** @returns null: none */
  of(acceptEncoding: string | undefined): Coding | null {
    if (acceptEncoding === undefined) return null;
    const known = this.#known.get(acceptEncoding);
    if (known !== undefined) return known;
    const coding = chooseCoding(acceptEncoding, codingNames) ?? null;
    if (this.#known.size === maxValues) this.#known.clear();
    this.#known.set(acceptEncoding, coding);
    return coding;
  }
}
