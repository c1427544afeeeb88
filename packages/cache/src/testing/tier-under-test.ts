import { strict as assert } from 'node:assert';
import type { LeaseAnswer, Tier } from '../tier/tier.ts';

/** A tier with nothing in it, and its time; one for each case. */
export interface TierUnderTest {
  readonly tier: Tier;
  /** What another process has in its hands: a second tier on the same data, or where there is no such thing, the same one. */
  readonly other: Tier;
  /** Lets time pass, real or not. */
  readonly pass: (timeMs: number) => Promise<void>;
  /** After the case: closes and deletes what is left. */
  dispose(): Promise<void>;
}

/** One promise, and how to see whether it is kept. */
export type TierCase = (test: TierUnderTest) => Promise<void>;

/** Longer than any case takes on a loaded machine. */
export const longMs: number = 60_000;
/** Has ended after {@link TierUnderTest.pass} of {@link afterShortMs}. */
export const shortMs: number = 1;
/** See {@link shortMs}. A server may count time in ticks. */
export const afterShortMs: number = 5;

/** Bytes to be stored. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What is there now, as text; undefined: nothing. */
export async function textAt(tier: Tier, key: string): Promise<string | undefined> {
  const [record] = await tier.read([key]);
  return record === undefined ? undefined : new TextDecoder().decode(record.bytes);
}

/** How a lease is asked for; default: any value is good, and it lasts {@link longMs}. */
export interface AskOptions {
  readonly replaces?: number;
  readonly leaseMs?: number;
}

/** Asks for one lease. */
export async function ask(tier: Tier, key: string, { replaces = 0, leaseMs = longMs }: AskOptions = {}): Promise<LeaseAnswer> {
  const [answer] = await tier.lease([{ key, replaces }], leaseMs);
  assert.ok(answer !== undefined, 'no answer for the key');
  return answer;
}

/** Gets one lease, and fails where there is none. @returns its version */
export async function leased(tier: Tier, key: string, options?: AskOptions): Promise<number> {
  const answer = await ask(tier, key, options);
  assert.equal(answer.kind, 'leased');
  return answer.kind === 'leased' ? answer.version : 0;
}

/** Stores one value under a lease. @returns its version, or undefined where it was refused */
export async function storeUnder(tier: Tier, key: string, version: number, text: string, ttlMs: number = longMs): Promise<number | undefined> {
  const answers = await tier.store([{ key, version, bytes: bytesOf(text), ttlMs }]);
  assert.equal(answers.length, 1);
  return answers[0];
}

/** Puts one value. @returns its version */
export async function putText(tier: Tier, key: string, text: string, ttlMs: number = longMs): Promise<number> {
  const [version] = await tier.put([{ key, bytes: bytesOf(text), ttlMs }]);
  assert.ok(version !== undefined, 'no version for the key');
  return version;
}

/** Invalidates one key. @returns its version */
export async function fell(tier: Tier, key: string, rememberMs: number = longMs): Promise<number> {
  const [version] = await tier.invalidate([key], rememberMs);
  assert.ok(version !== undefined, 'no version for the key');
  return version;
}

/** The version of one key. */
export async function versionAt(tier: Tier, key: string): Promise<number> {
  const [version] = await tier.versions([key]);
  assert.ok(version !== undefined, 'no version for the key');
  return version;
}

/** Whole numbers from 0 to below a bound, the same ones for the same seed: so a failure comes again. */
export function seededNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % bound;
  };
}
