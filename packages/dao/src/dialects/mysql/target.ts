import { isIP } from 'node:net';
import { DaoError } from '../../errors.ts';

/** How to reach a server. */
export interface MysqlTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
  /** TLS with a certificate that is checked, also for the host's name. */
  readonly isEncrypted: boolean;
  /** Whether commits are to be told with their marks, for reads from replicas. */
  readonly tracksCommits: boolean;
}

/** @throws {DaoError} `ERR_DAO_INPUT`: not a URL of a MySQL database; the message does not repeat it, since it holds a password */
export function parseTarget(url: string, tracksCommits: boolean): MysqlTarget {
  const parsed = URL.parse(url);
  const ssl = parsed?.searchParams.get('ssl') ?? 'false';
  const isKnown = [...(parsed?.searchParams.keys() ?? [])].every((name) => name === 'ssl') && ['true', 'false'].includes(ssl);
  if (parsed === null || parsed.protocol !== 'mysql:' || parsed.hostname === '' || parsed.pathname.length < 2 || !isKnown) throw urlError();
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const isEncrypted = ssl === 'true';
  // The driver compares a certificate with names only; for an address it would look for 'localhost' in it.
  if (isEncrypted && isIP(host) !== 0)
    throw new DaoError('ERR_DAO_INPUT', 'an encrypted MySQL connection needs the name of its host, not the address: the certificate is checked for it');
  return {
    host,
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database: decoded(parsed.pathname.slice(1)),
    isEncrypted,
    tracksCommits,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw urlError();
  }
}

function urlError(): DaoError {
  const form = 'a MySQL URL is mysql://user:password@host:3306/database, with %-signs for what has a meaning in URLs';
  return new DaoError('ERR_DAO_INPUT', `${form}, and ?ssl=true where it is to be encrypted`);
}
