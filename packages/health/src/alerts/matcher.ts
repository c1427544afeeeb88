import { labelOf, type Labels } from './labels.ts';

/**
 * What a label must be, or must not be; of several values any. A label that is not there counts as empty.
 *
 * No regular expressions: a matcher may come from an admin's browser, and one bad pattern would hold up the process.
 */
export type Matcher =
  | { readonly label: string; readonly is: string | readonly string[]; readonly isNot?: undefined }
  | { readonly label: string; readonly isNot: string | readonly string[]; readonly is?: undefined };

/** Whether labels match every one; no matcher matches all. */
export function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ label, is, isNot }) => {
    const value = labelOf(labels, label) ?? '';
    return is === undefined ? !isOneOf(value, isNot) : isOneOf(value, is);
  });
}

function isOneOf(value: string, values: string | readonly string[]): boolean {
  return typeof values === 'string' ? value === values : values.includes(value);
}
