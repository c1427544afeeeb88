const repetitions: readonly (readonly [repeated: RegExp, once: string])[] = [
  [/:\d+/g, ':1'],
  [/(, :1)\1+/g, '$1'],
  [/( or \([^()]*\))\1+/g, '$1'],
  [/( union all select [^"]*? from DUAL)\1+/g, '$1'],
];

/**
 * @returns the statement with what it repeats only once: a list of a thousand binds tells the grammar no more than one of two, and takes
 *   it seconds
 */
export function skeletonOf(text: string): string {
  return repetitions.reduce((shorter, [repeated, once]) => shorter.replace(repeated, once), text);
}
