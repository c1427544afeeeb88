/** Why a password is not taken. */
export type PasswordFault = 'too short' | 'too long' | 'too common' | 'says who you are';

/** Bounds of {@link passwordFault}. */
export interface PasswordRules {
  /** Least characters; default 8 (NIST SP 800-63B §3.1.1.2, OWASP ASVS 5 §6.2.1). */
  readonly minLength?: number;
  /** Most characters; default 256 (ASVS 5 §6.2.9 asks for at least 64). */
  readonly maxLength?: number;
  /** What must not be the whole of it, in any case: the account's name, the service's (ASVS 5 §6.2.11). */
  readonly words?: readonly string[];
}

let commonPasswords: Promise<ReadonlySet<string>> | undefined;

/**
 * Says what is wrong with a new password: its length, and whether it is one of the 49,000 that are used most (NIST SP 800-63B §3.1.1.2,
 * ASVS 5 §6.2.4). There is no rule about which characters it has, and none that it must change (ASVS 5 §6.2.5, §6.2.10).
 *
 * The list is loaded when it is first needed: 75 ms and 5 MB.
 *
 * @returns undefined where nothing is wrong
 */
export async function passwordFault(password: string, { minLength = 8, maxLength = 256, words = [] }: PasswordRules = {}): Promise<PasswordFault | undefined> {
  // Code points, as NIST counts them.
  const { length } = Array.from(password);
  if (length < minLength) return 'too short';
  if (length > maxLength) return 'too long';
  const folded = password.normalize('NFKC').toLowerCase();
  if (words.some((word) => word.normalize('NFKC').toLowerCase() === folded)) return 'says who you are';
  commonPasswords ??= loadCommonPasswords();
  return (await commonPasswords).has(folded) ? 'too common' : undefined;
}

async function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].map(String));
}
