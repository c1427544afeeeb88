import { DaoError } from '../../errors.ts';

const defaultPort = 1521;

/** How to reach a database. */
export interface OracleTarget {
  /** Host and port, for people. */
  readonly name: string;
  readonly user: string;
  readonly password: string;
  /** A descriptor in Oracle's own language, which knows no user and no password. */
  readonly connectString: string;
}

/**
 * Reads `oracle://user:password@host:1521/service`. Several hosts, with commas between them, are several ways to one database (the
 * nodes of a cluster): the first that answers is taken. `?ssl=true` encrypts, and the certificate is checked.
 *
 * @throws {DaoError} `ERR_DAO_INPUT`: not such a URL; the message does not repeat it, since it holds a password
 */
export function parseTarget(url: string): OracleTarget {
  const [, user, password, authority, service, query = ''] = /^oracle:\/\/([^:@/?#]+):([^@/?#]*)@([^@/?#]+)\/([\w.$#-]+)(?:\?(.*))?$/.exec(url) ?? [];
  const addresses = (authority ?? '').split(',').map(parseAddress);
  const isEncrypted = { '': false, 'ssl=false': false, 'ssl=true': true }[query];
  if (user === undefined || password === undefined || service === undefined || isEncrypted === undefined || addresses.includes(undefined)) throw invalid();
  const known = addresses.filter((address) => address !== undefined);
  return {
    name: known.map(({ host, port }) => `${host}:${port}`).join(','),
    user: decoded(user),
    password: decoded(password),
    // Written out: the driver's short form takes no service of one letter (NJS-515), and no host that looks unlike a name.
    connectString: descriptor(known, service, isEncrypted ? 'TCPS' : 'TCP'),
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Hosts are names, IPv4 or, in brackets, IPv6: nothing that could be read as part of a descriptor. */
function parseAddress(text: string): Address | undefined {
  const [, bracketed, name, port] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? name;
  const number = port === undefined ? defaultPort : Number(port);
  return host === undefined || number > 65_535 ? undefined : { host, port: number };
}

function descriptor(addresses: readonly Address[], service: string, protocol: string): string {
  const list = addresses.map(({ host, port }) => `(ADDRESS=(PROTOCOL=${protocol})(HOST=${host})(PORT=${port}))`);
  return `(DESCRIPTION=(FAILOVER=ON)(LOAD_BALANCE=OFF)(ADDRESS_LIST=${list.join('')})(CONNECT_DATA=(SERVICE_NAME=${service})))`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid();
  }
}

function invalid(): DaoError {
  return new DaoError(
    'ERR_DAO_INPUT',
    'an Oracle URL is oracle://user:password@host:1521/service, with %-signs for what has a meaning in URLs, and ?ssl=true where it is to be encrypted',
  );
}
