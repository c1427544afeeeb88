/** What the tests have real threads do. */
import { threadId } from 'node:worker_threads';
import { moved } from '../moved.ts';

let last: ArrayBuffer | undefined;

export function echo(input: unknown): unknown {
  return input;
}

export function whichThread(): number {
  return threadId;
}

/** Says that it has begun, then never ends and never looks up. */
export function spin(flag: SharedArrayBuffer): never {
  Atomics.store(new Int32Array(flag), 0, 1);
  for (;;);
}

/** Waits until the flag is 1, without leaving the thread. */
export function waitFor(flag: SharedArrayBuffer): string {
  Atomics.wait(new Int32Array(flag), 0, 0);
  return 'released';
}

export function fail(message: string): never {
  throw new RangeError(message);
}

export function exit(code: number): never {
  process.exit(code);
}

export function throwUncaught(message: string): Promise<never> {
  setTimeout(() => {
    throw new Error(message);
  }, 0);
  return new Promise(() => {});
}

export function eatMemory(): number {
  const eaten: number[][] = [];
  for (;;) eaten.push(Array.from({ length: 10_000 }, (_, at) => at + 0.5));
}

export function returnFunction(): () => void {
  return () => {};
}

/** How many bytes arrived. */
export function measure(bytes: Uint8Array): number {
  return bytes.byteLength;
}

export function give({ bytes, isMoved }: { readonly bytes: number; readonly isMoved: boolean }): { readonly part: Uint8Array; readonly note: string } {
  const part = new Uint8Array(bytes).fill(7);
  last = part.buffer;
  const result = { part, note: 'a view within an object' };
  return isMoved ? moved(result, [part.buffer]) : result;
}

/** What is left on the thread of what {@link give} returned. */
export function bytesLeft(): number | undefined {
  return last?.byteLength;
}
