import { compactVerify, type CompactJWSHeaderParameters } from 'jose';
import { AuthError } from '../errors.ts';
import { keyAlgorithms, type SigningKey } from '../keys/signing-key.ts';

/** A text whose signature one of our keys made. */
export interface VerifiedJws {
  readonly header: CompactJWSHeaderParameters;
  readonly payload: Uint8Array;
  readonly key: SigningKey;
}

/** Where keys are found by their id; a `KeyRing` is one. */
export interface Verifiers {
  verifier(kid: string): SigningKey | undefined;
}

/** Ours have about 600 characters; a longer text is not worth parsing. */
const maxTokenLength = 8192;
const algorithms = [...keyAlgorithms];

/**
 * Checks the signature of a compact JWS (RFC 7515 §5.2) by the rules of RFC 8725.
 *
 * - The key is one of ours, named by `kid`; `jwk`, `jku`, `x5c` and `x5u` of a header are never followed (§3.10).
 * - The key says which algorithm the token must have; the token's word for it must agree and chooses nothing (§3.1).
 * - Extensions (`crit`, RFC 7515 §4.1.11) and unencoded payloads (RFC 7797) are refused: we know none.
 * - One spelling passes: base64url without padding or white space (RFC 7515 §2), no stray bits at an end (RFC 4648 §3.5).
 *
 * @throws {AuthError} `ERR_AUTH_INVALID`, in one message whatever was wrong
 */
export async function verifyJws(token: string, keys: Verifiers): Promise<VerifiedJws> {
  if (token.length > maxTokenLength || !token.split('.').every(isCanonical)) throw invalidToken();
  let key: SigningKey | undefined;
  try {
    const { payload, protectedHeader } = await compactVerify(
      token,
      (header) => {
        key = keyFor(header, keys);
        return key.verifies;
      },
      { algorithms },
    );
    if (key === undefined) throw invalidToken();
    return { header: protectedHeader, payload, key };
  } catch (cause) {
    throw invalidToken(cause);
  }
}

/** The one refusal of a token; it teaches an attacker nothing. */
export function invalidToken(cause?: unknown): AuthError {
  return new AuthError('ERR_AUTH_INVALID', 'the token is not valid', { cause });
}

function keyFor(header: Partial<CompactJWSHeaderParameters>, keys: Verifiers): SigningKey {
  const { kid, alg } = header;
  if ('crit' in header || 'b64' in header || typeof kid !== 'string') throw invalidToken();
  const key = keys.verifier(kid);
  if (key === undefined || key.alg !== alg) throw invalidToken();
  return key;
}

/** Decoders read over blanks and padding and ignore the unused bits of a last character, so several texts would be the same bytes. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}
