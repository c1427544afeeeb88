/** Enough that nobody guesses it. A random key of 128 bits has more in any usual writing, though its 32 hexadecimal digits are never all alike. */
const minBits = 80;
const placeholders = /change.?me|password|passw0rd|secret.?key|default|example|placeholder|insert|your.?(?:own.?)?(?:key|secret)|midgard|qwerty|letmein/i;
/** Private keys that stand in a standard for everybody to read: RFC 8037 appendix A.1, RFC 8032 §7.1 test 1. */
const published: ReadonlySet<string> = new Set(['nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A']);

/**
 * Says why a secret is not fit for production (OWASP ASVS 5 §11.1, §13.3; CWE-1392): somebody else could have it.
 *
 * Of a text nobody can tell whether it is random; what is told is a placeholder, one that repeats itself, and one that a standard prints.
 *
 * @returns undefined where nothing speaks against it
 */
export function weaknessOf(secret: string): string | undefined {
  if (published.has(secret)) return 'is printed in a standard';
  if (placeholders.test(secret)) return 'is a placeholder';
  return bitsOf(secret) < minBits ? 'repeats itself' : undefined;
}

/** Of a password so many characters beside the placeholder still make it one: `changeme123!`. */
const leastOwnCharacters = 8;

/**
 * Says why the password of a URL is not fit for production: it is the one that everybody tries first (ASVS 5 §13.2.3).
 *
 * Its strength is for the server to ask that it belongs to; many have a short one, and are reached from one machine alone.
 *
 * @returns undefined where nothing speaks against it, or there is none
 */
export function weaknessOfPassword(url: string): string | undefined {
  const [, user = '', password = ''] = /^[a-z-]+:\/\/([^\s:/?#@]*):([^\s/?#@]+)@/.exec(url) ?? [];
  if (password === '') return undefined;
  if (password === user) return 'has the name of its user as the password';
  const own = password.replace(placeholders, '');
  return own.length < password.length && own.length < leastOwnCharacters ? 'has a placeholder as the password' : undefined;
}

/** Shannon's entropy of the characters, times how many there are; of a text that is one piece again and again only one piece counts. */
function bitsOf(text: string): number {
  const characters = Array.from(piece(text));
  const counts = Map.groupBy(characters, (character) => character);
  const bits = [...counts.values()].reduce((sum, { length }) => sum - (length / characters.length) * Math.log2(length / characters.length), 0);
  return bits * characters.length;
}

function piece(text: string): string {
  const period = (text + text).indexOf(text, 1);
  return period > 0 && period < text.length ? text.slice(0, period) : text;
}
