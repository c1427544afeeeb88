/**
 * Names by which instances speak of what they keep: `space/key` is an entry, `space#tag` all entries with that tag, and `space#` all of
 * the space. They are the keys in the shared tier, too.
 */
export interface ParsedName {
  readonly space: string;
  readonly kind: 'entry' | 'tag';
  /** The key or tag; of a space as a whole the empty tag. */
  readonly of: string;
}

/** What a space may be called: anything short without the two signs that end it in a name. */
const spacePattern = /^[^/#]{1,200}$/u;

/** Whether this can be the name of a space: 1 to 200 characters, none of them `/` or `#`. */
export function isSpaceName(text: string): boolean {
  return spacePattern.test(text);
}

/** @returns the name of an entry */
export function entryName(space: string, key: string): string {
  return `${space}/${key}`;
}

/** @param tag empty for the whole space */
export function tagName(space: string, tag: string): string {
  return `${space}#${tag}`;
}

/** @returns undefined where it is no name */
export function parseName(name: string): ParsedName | undefined {
  const end = name.search(/[/#]/u);
  if (end < 1) return undefined;
  return { space: name.slice(0, end), kind: name[end] === '/' ? 'entry' : 'tag', of: name.slice(end + 1) };
}

/** Names as they go over the bus. */
export function encodeNames(names: readonly string[]): string {
  return JSON.stringify(names);
}

/** @returns undefined where another version of this library said something that this one does not understand */
export function decodeNames(message: string): readonly string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(message);
    return Array.isArray(parsed) && parsed.every((name) => typeof name === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}
