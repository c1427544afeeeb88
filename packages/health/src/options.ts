import { HealthError } from './errors.ts';

/**
 * @returns the value, if it is a whole number within the range
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field and the range
 */
export function wholeNumber(field: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new HealthError('ERR_HEALTH_OPTIONS', `${field} must be a whole number from ${min} to ${max}`);
}

/**
 * @param pattern what the whole value must match
 * @param expected the same in words
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field and what was expected
 */
export function matching(field: string, value: string, pattern: RegExp, expected: string): string {
  if (pattern.test(value)) return value;
  throw new HealthError('ERR_HEALTH_OPTIONS', `${field} must be ${expected}`);
}
