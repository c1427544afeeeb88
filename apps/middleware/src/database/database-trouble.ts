import { SetupError } from '../setup-error.ts';

/** Why a database cannot be used, for a person at a terminal: no stack, no statement, no password. */
export interface DatabaseTrouble {
  readonly reason: string;
  /** What to do about it; undefined where the reason says it all. */
  readonly advice: string | undefined;
}

/** By the code or the first words of what a driver or the system says. */
const advices: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/ECONNREFUSED|NJS-503|ORA-12541/, 'nothing listens there: start the server, or correct host and port'],
  [/ENOTFOUND|EAI_AGAIN/, 'there is no host of this name: correct it, or mend the name service'],
  [/ER_(DBACCESS|ACCESS)_DENIED|ORA-01017|ORA-28000/, 'correct user, password and rights; %40 stands for @ and %2F for /'],
  [/ER_BAD_DB_ERROR|ORA-12514|NJS-518/, 'create the database there, or correct its name'],
  [
    /HANDSHAKE_SSL_ERROR|CERT|certificate|ORA-29024/,
    'the encrypted connection failed: give the server a certificate for its name, and this process the authority (NODE_EXTRA_CA_CERTS)',
  ],
  [/ERR_DAO_TIMEOUT|ETIMEDOUT|NJS-510|NJS-040|no answer within/, 'see whether the server is overloaded, or a firewall lies in between'],
  [/EACCES|EPERM|EROFS/, 'give the user of this process the right to read and write the file and its folder'],
  [/ENOENT|ENOTDIR/, 'its folder cannot be made: correct the path'],
  [/SQLITE_BUSY|locked/, 'another process holds the file: end it'],
  [/not a database|malformed/, 'the file is damaged: restore it from a backup'],
  [/allow it if that is meant/, '--allow-data-loss allows it'],
  [/ERR_DAO_KEY/, 'give this process the key-encryption key that wrapped the data keys: encryption.kek, or one of the former ones'],
  [/ERR_DAO_SCHEMA/, 'the tables need a decision of a person: see the reason'],
];

/** @returns what is known of why a database failed, in the words of the driver where it said something */
export function databaseTrouble(error: unknown): DatabaseTrouble {
  // It says itself what to set.
  if (error instanceof SetupError) return { reason: error.message, advice: undefined };
  const chain = chainOf(error);
  const told = chain.map((each) => `${codeOf(each)} ${each.message}`).join('\n');
  const reasons = [...new Set(chain.map(({ message }) => firstLine(message)).filter((message) => message !== ''))];
  return {
    reason: reasons.length === 0 ? 'it failed and did not say why' : reasons.join(': '),
    advice: advices.find(([pattern]) => pattern.test(told))?.[1],
  };
}

/** An error and what caused it, outermost first. */
function chainOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < mostCauses; at = at.cause) chain.push(at);
  return chain;
}

/** Deeper ones say nothing that a person wants to know. */
const mostCauses = 4;

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').trim();
}
