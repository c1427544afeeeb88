import type { Transferable } from 'node:worker_threads';
import { kTransferable, kValue, markMovable } from 'tinypool';

/**
 * Called inside a task on what it returns: the buffers are moved to the caller and not copied. O(1) for any size.
 *
 * @param value what the task returns; not frozen
 * @param transfer the buffers in it. Not those of Node's shared slab (`Buffer.from('text')`, small `allocUnsafe`): the thread
 *   would crash on them with a DataCloneError
 * @returns the same value
 * @see https://html.spec.whatwg.org/multipage/structured-data.html#transferable-objects
 * @example
 * ```ts
 * import { moved } from '@midgard/workers';
 *
 * export function invert(bytes: Uint8Array): Uint8Array {
 *   const inverted = new Uint8Array(bytes.length).map((_, at) => 255 - (bytes[at] ?? 0));
 *   return moved(inverted, [inverted.buffer]);
 * }
 * ```
 */
export function moved<T extends object>(value: T, transfer: readonly Transferable[]): T {
  Object.defineProperty(value, kTransferable, { value: transfer });
  Object.defineProperty(value, kValue, { value });
  markMovable(value);
  return value;
}
