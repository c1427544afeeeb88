const repetitions: readonly (readonly [repeated: RegExp, once: string])[] = [
  [/:\d+/g, ':1'],
  [/"[^"]+"/g, '"A"'],
  // Two remain of a longer list: with one alone it would be no list.
  [/("A"|"A"\."A"|:1|"A" = :1|"A" = "A"\."A"|"A"\."A" = "A"\."A")(, \1){2,}/g, '$1, $1'],
  [/( or \([^()]*\))\1+/g, '$1'],
  [/( union all select [^()]*? from DUAL)\1+/g, '$1'],
];

/**
 * @returns the statement with its quoted names and binds made alike, and of each list two items: to the grammar they are one kind of token
 *   each, and a list of a thousand tells it no more than one of two, and takes it seconds
 */
export function skeletonOf(text: string): string {
  // A text may hold anything, also what looks like a name.
  if (text.includes("'")) return text;
  return repetitions.reduce((shorter, [repeated, once]) => shorter.replace(repeated, once), text);
}
