import type { Principal } from './principal.ts';

const shape = /^[a-z][A-Za-z0-9]*\.(?:\*|[a-z][A-Za-z0-9]*)$/;

/** Whether a text names operations: `order.create`, or `order.*` for all that begins with `order.`. */
export function isOperationScope(text: string): boolean {
  return shape.test(text);
}

/** Whether a credential that is for some operations only is for this one. O(its operations). */
export function mayCall({ operations }: Pick<Principal, 'operations'>, operation: string): boolean {
  if (operations === undefined) return true;
  return operations.includes(operation) || operations.includes(`${operation.slice(0, operation.indexOf('.'))}.*`);
}
