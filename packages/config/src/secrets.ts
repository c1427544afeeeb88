import { isMap, type Path } from './path.ts';

/** Channels are where messages go to people: their addresses have the token in the path. */
const secretKey = /pass|secret|token|key|pepper|credential|private|salt|headers|authvalue|channels/i;
const longestShown = 60;

/**
 * Whether a place may hold a secret, judged by the names on the way to it. Too many hidden numbers cost a look into
 * the file; one shown password costs more.
 */
export function isSecret(path: Path): boolean {
  return path.some((segment) => typeof segment === 'string' && secretKey.test(segment));
}

/**
 * What was found at a place, for an error message: hidden below a secret-looking key, and without the credentials of a URL.
 */
export function showValue(value: unknown, path: Path): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isMap(value)) return 'a map';
  if (isSecret(path)) return `a hidden ${typeof value === 'string' ? 'text' : typeof value}`;
  if (typeof value === 'string') return JSON.stringify(shortened(withoutCredentials(value)));
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : `a ${typeof value}`;
}

function withoutCredentials(text: string): string {
  return (
    text
      // Greedy to the last @: a password may itself hold an @ or a slash.
      .replace(/\/\/.*@/s, '//***@')
      // The slashes were forgotten.
      .replace(/^(?!.*\/\/)([a-z]+:)?.*@/s, '$1***@')
      // The host was forgotten: what follows a colon and is no port may be a password.
      .replace(/(\/\/[^:/]*:)(?!\d{1,5}(?:[/?#,]|$)).*/s, '$1***')
      .replaceAll(/([?&;][^=&;]*(?:pass|secret|token|key)[^=&;]*=)[^&;]*/gi, '$1***')
  );
}

function shortened(text: string): string {
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
