import type { HeldAnswer } from '@midgard/game-kit';
import type { HotOperation } from '../../hot/hot-rules.ts';
import type { Coding } from '../reply.ts';
import { matchesIfNoneMatch } from '../request-headers.ts';
import type { AcceptedCodings } from './accepted-codings.ts';
import type { ReadyAnswer } from './ready-answer.ts';
import type { RequestForm } from './request-form.ts';

/** What a {@link KeptAnswer} is made of. */
export interface KeptAnswerParts {
  readonly operation: HotOperation;
  readonly held: HeldAnswer;
  /** Epoch milliseconds from which its request is to take the full way. */
  readonly until: number;
  /** Its entity tag, without a content coding; undefined: it has none. */
  readonly tag: string | undefined;
  /** For whose `If-None-Match` names the tag. */
  readonly unchanged: ReadyAnswer;
  /** Without a content coding. */
  readonly plain: ReadyAnswer;
  /** Whether others get it in a content coding: see {@link KeptAnswer.addCoded}. */
  readonly isCodable: boolean;
}

/** One answer in the forms in which it was asked for so far, as long as the cache that it comes from holds it. */
export class KeptAnswer {
  readonly operation: HotOperation;
  readonly #parts: KeptAnswerParts;
  readonly #coded = new Map<Coding, ReadyAnswer>();

  constructor(parts: KeptAnswerParts) {
    this.operation = parts.operation;
    this.#parts = parts;
  }

  /** Whether it may be given out. @param now epoch milliseconds */
  isGood(now: number): boolean {
    const { held, until } = this.#parts;
    return now < until && held.cache.holds(held.grip.ticket.slot, held.grip.ticket.stamp);
  }

  /** Whether it is of the same value in the cache. */
  isOf({ cache, grip }: HeldAnswer): boolean {
    const { held } = this.#parts;
    return held.cache === cache && held.grip.ticket.slot === grip.ticket.slot && held.grip.ticket.stamp === grip.ticket.stamp;
  }

  /** Tells the cache that it was given out once. */
  noteUse(): void {
    const { cache, grip } = this.#parts.held;
    cache.noteUses(grip.ticket.slot, 1);
  }

  /** Keeps it in a content coding too. */
  addCoded(coding: Coding, answer: ReadyAnswer): void {
    this.#coded.set(coding, answer);
  }

  /** @returns undefined where it was not asked for in this form before */
  inForm({ acceptEncoding, ifNoneMatch }: RequestForm, codings: AcceptedCodings): ReadyAnswer | undefined {
    const { tag, unchanged, plain, isCodable } = this.#parts;
    if (ifNoneMatch !== undefined && tag !== undefined && (ifNoneMatch === tag || matchesIfNoneMatch(ifNoneMatch, tag))) return unchanged;
    const coding = isCodable ? codings.of(acceptEncoding) : null;
    return coding === null ? plain : this.#coded.get(coding);
  }

  /** Roughly the memory that it takes. */
  get bytes(): number {
    let bytes = overheadBytes + sizeOf(this.#parts.plain);
    for (const answer of this.#coded.values()) bytes += sizeOf(answer);
    return bytes;
  }
}

/** Of the objects, the headers and the place in a map. */
const overheadBytes = 1536;

function sizeOf({ body }: ReadyAnswer): number {
  return body?.length ?? 0;
}
