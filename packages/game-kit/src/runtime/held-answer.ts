import type { Grip } from '@midgard/cache';
import type { JsonValue } from '@midgard/errors';
import type { AnswerCache } from './read-cache.ts';

/**
 * An answer that this process holds, for who keeps it in another form, such as encoded: it may be given out to everybody who may ask, as long
 * as {@link cache} `holds` the grip's ticket and the grip's time is not over. To each use the cache is to be told: see `noteUses`.
 */
export interface HeldAnswer {
  /** As it goes over the wire; the very value that `execute` resolves with. */
  readonly answer: JsonValue;
  readonly cache: Pick<AnswerCache, 'holds' | 'noteUses'>;
  readonly grip: Pick<Grip<unknown>, 'ticket' | 'until'>;
}
