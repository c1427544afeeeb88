/** A promise that a case settles by itself: cases wait for events, never for time. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** @returns a gate that is shut */
export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** @returns what each of so many waits at until all of them are there; whoever comes later goes through */
export function meeting(size: number): () => Promise<void> {
  const all = gate();
  let missing = size;
  return () => {
    missing -= 1;
    if (missing <= 0) all.open();
    return all.opened;
  };
}
