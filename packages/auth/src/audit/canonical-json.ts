/** What {@link canonicalJson} takes: what JSON can hold. */
export type CanonicalValue = null | boolean | number | string | readonly CanonicalValue[] | { readonly [name: string]: CanonicalValue };

/**
 * The one text of a value, whatever order its members have: the JSON Canonicalization Scheme (RFC 8785).
 *
 * @param value finite numbers and well-formed strings only: others have no canonical form. O(n log n) in its members
 */
export function canonicalJson(value: CanonicalValue): string {
  // ECMAScript's own number and string forms are the canonical ones (RFC 8785 §3.2.2).
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  // By UTF-16 units (§3.2.3), as ECMAScript sorts strings.
  for (const name of Object.keys(value).sort()) members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`;
  return `{${members}}`;
}

function isList(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}
