import { distance } from 'fastest-levenshtein';

/**
 * The candidate that a person most likely meant, undefined when none is near.
 *
 * Case, dashes and underscores do not count; a third of the letters may be wrong, so that `prot` finds `port` and
 * `x` finds nothing.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const offered = plain(candidate);
    const edits = distance(wanted, offered);
    const allowed = Math.max(wanted.length, offered.length) < 4 ? 1 : Math.max(2, Math.floor(offered.length / 3));
    if (edits < bestDistance && edits <= allowed && edits < offered.length) [best, bestDistance] = [candidate, edits];
  }
  return best;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
