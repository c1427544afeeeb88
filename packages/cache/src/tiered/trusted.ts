/**
 * Gives a value its type back that it had when it was stored, or that its set-up promises. The one place where the compiler takes our word:
 * bytes carry no types.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- that it is used once is what it is for
export function trusted<V>(value: unknown): V;
export function trusted(value: unknown): unknown {
  return value;
}
