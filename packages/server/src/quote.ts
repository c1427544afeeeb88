/** A name that a client wrote, for a message: that one may be long, and a message is not. */
export function quote(name: number | string): string {
  return typeof name === 'number' ? String(name) : `"${name.slice(0, 64)}"`;
}
