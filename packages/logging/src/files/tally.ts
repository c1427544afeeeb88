/** How many lines and characters the worker thread is done with, both modulo 2^32: whoever wrote fewer than that knows what is under way. */
export type Tally = Int32Array<SharedArrayBuffer>;

const lines = 0;
const characters = 1;

/** Makes one that stands at 0. */
export function emptyTally(): Tally {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Counts what is done with. */
export function tallyDone(tally: Tally, moreLines: number, moreCharacters: number): void {
  Atomics.add(tally, lines, moreLines);
  Atomics.add(tally, characters, moreCharacters);
}

/** What is under way of so much that was sent. Right while that is less than 2^31. */
export function underWay(tally: Tally, sentLines: number, sentCharacters: number): { readonly lines: number; readonly characters: number } {
  return { lines: (sentLines - Atomics.load(tally, lines)) | 0, characters: (sentCharacters - Atomics.load(tally, characters)) | 0 };
}
