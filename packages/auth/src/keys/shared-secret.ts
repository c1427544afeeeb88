import { createHmac, createPublicKey } from 'node:crypto';
import { AuthError } from '../errors.ts';
import type { SigningKeyJwk } from './signing-key.ts';

const minSecretBytes = 32;

/**
 * Makes an HS256 key of a secret that both sides know, for services that cannot do better: whoever verifies with it can also sign.
 *
 * A secret that is a public key in any form is refused: everybody could sign with it, and it is what a service holds that confuses
 * algorithms (RFC 8725 §2.1; fast-jwt #589 was such a key behind a space).
 *
 * @param secret at least 32 bytes in UTF-8 (RFC 7518 §3.2), from a random source
 * @param signsFrom epoch seconds from which it signs; default 0: at once
 * @throws {AuthError} `ERR_AUTH_OPTIONS`: too short, or a public key
 */
export function sharedSecretKey(secret: string, signsFrom = 0): SigningKeyJwk {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < minSecretBytes) throw new AuthError('ERR_AUTH_OPTIONS', `a shared secret has at least ${minSecretBytes} bytes`);
  if (isPublicKey(secret)) throw new AuthError('ERR_AUTH_OPTIONS', 'a shared secret is a public key, which anybody may know');
  // Keyed, and not a thumbprint as of a pair: the kid is public, and a plain hash would be one more text to try guesses on (RFC 7638 §7).
  const kid = createHmac('sha256', bytes).update('midgard kid').digest('base64url').slice(0, 22);
  return { kty: 'oct', k: bytes.toString('base64url'), alg: 'HS256', kid, signsFrom };
}

function isPublicKey(text: string): boolean {
  // Wherever it stands: what comes before the line is ignored by those who read PEM.
  if (/-{5}\s*BEGIN/i.test(text) || /"kty"\s*:/.test(text) || /\bssh-[a-z0-9]+ |\becdsa-sha2-/.test(text)) return true;
  try {
    createPublicKey({ key: Buffer.from(text.replaceAll(/\s/g, ''), 'base64'), format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}
