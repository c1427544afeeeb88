/** An operation of the middleware itself (game number 0). */
export interface BuiltIn {
  readonly code: number;
  readonly name: 'batch' | 'subscribe' | 'unsubscribe' | 'whoami';
}

/** The built-in operations of protocol.md. */
const builtIns: readonly BuiltIn[] = [
  { code: 1, name: 'batch' },
  { code: 2, name: 'subscribe' },
  { code: 3, name: 'unsubscribe' },
  { code: 4, name: 'whoami' },
];

/** Finds a built-in operation by code or name. */
export function findBuiltIn(codeOrName: number | string): BuiltIn | undefined {
  return builtIns.find(({ code, name }) => code === codeOrName || name === codeOrName);
}
