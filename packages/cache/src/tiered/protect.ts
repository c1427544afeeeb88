/**
 * How a value is kept from those who get it.
 *
 * - `freeze`: frozen to its last leaf when it is kept; who writes to it gets a TypeError. Bytes and the insides of `Map`, `Set` and `Date`
 *   cannot be frozen
 * - `copy`: everyone gets a structured clone of their own; dearer, and for what a structured clone can carry
 * - `none`: shared as it is
 */
export type Protection = 'freeze' | 'copy' | 'none';

/** What is done when a value is kept, and when it is given out. */
export const protectors: Readonly<Record<Protection, { readonly keep: <V>(value: V) => V; readonly give: <V>(value: V) => V }>> = {
  freeze: { keep: deepFreeze, give: same },
  copy: { keep: structuredClone, give: structuredClone },
  none: { keep: same, give: same },
};

function same<V>(value: V): V {
  return value;
}

function deepFreeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) if (typeof member === 'object') deepFreeze(member);
  return Object.freeze(value);
}
