import type { ConnectionOptions } from 'node:tls';
import { CacheError } from '../errors.ts';

/** What a Redis URL cannot say, or should not. */
export interface RedisAccess {
  /** Overrides the URL's. */
  readonly username?: string;
  /** Overrides the URL's. */
  readonly password?: string;
  /** Certificates and names, as for `node:tls`; TLS itself is switched on by `rediss` in the URL. */
  readonly tls?: ConnectionOptions;
  /** What sentinels ask for, where they ask. */
  readonly sentinelPassword?: string;
}

/** One server's host and port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const form =
  'redis://host:port, redis-cluster://host:port,host:port or redis-sentinel://host:port,host:port#master, each also as rediss…, with user:password@ and /database where needed';
const pattern =
  /^(?<scheme>rediss?)(?:-(?<kind>cluster|sentinel))?:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/#?@]+)(?:\/(?<database>\d*))?(?:#(?<master>.+))?$/;
const hostPattern = /^(?:\[(?<v6>[\da-fA-F:.]+)\]|(?<host>[^:[\]]+))(?::(?<port>\d{1,5}))?$/;
const defaultPort = { single: 6379, cluster: 6379, sentinel: 26_379 } as const;

/** Where a Redis is and how one gets in; keeps the password out of what it says. */
export class RedisAddress {
  readonly kind: 'single' | 'cluster' | 'sentinel';
  /** The server, some of the cluster's, or the sentinels. */
  readonly hosts: readonly HostPort[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Undefined: no TLS. */
  readonly tls: ConnectionOptions | undefined;
  /** What the sentinels call the master; empty for the others. */
  readonly masterName: string;
  readonly sentinelPassword: string | undefined;
  readonly #secrets: readonly string[];

  /**
   * @param url see README.md for its forms
   * @throws {CacheError} `ERR_CACHE_OPTIONS`: not such a URL; the message does not repeat it
   */
  constructor(url: string, access: RedisAccess = {}) {
    const { scheme, kind, user = '', password = '', hosts = '', database = '', master = '' } = pattern.exec(url)?.groups ?? {};
    if (scheme === undefined) throw refused();
    this.kind = kind === 'cluster' || kind === 'sentinel' ? kind : 'single';
    this.hosts = hosts.split(',').map((text) => hostPort(text, defaultPort[this.kind]));
    this.username = access.username ?? nonEmpty(decoded(user));
    this.password = access.password ?? nonEmpty(decoded(password));
    this.database = Number(database);
    this.tls = scheme === 'rediss' ? { ...access.tls } : undefined;
    this.masterName = decoded(master);
    this.sentinelPassword = access.sentinelPassword;
    this.#secrets = [password, this.password, access.sentinelPassword].filter((secret) => secret !== undefined && secret !== '').map(String);
    this.#check();
  }

  /** The same error without passwords, and without the command, whose arguments ioredis hangs on: they may be those of AUTH. */
  clean(error: unknown): Error {
    const message = error instanceof Error ? error.message : String(error);
    return new Error(this.#secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message));
  }

  #check(): void {
    if (this.kind === 'single' && this.hosts.length > 1) throw refused();
    if ((this.kind === 'sentinel') !== (this.masterName !== '')) throw refused();
    if (this.kind === 'cluster' && this.database !== 0) throw new CacheError('ERR_CACHE_OPTIONS', 'url: a Redis Cluster has no database but 0');
  }
}

/** `host:port`, as clusters name their servers. */
export function nameOf({ host, port }: HostPort): string {
  return `${host}:${port}`;
}

function hostPort(text: string, fallback: number): HostPort {
  const { v6, host = v6, port = `${fallback}` } = hostPattern.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) throw refused();
  return { host, port: Number(port) };
}

function refused(): CacheError {
  return new CacheError('ERR_CACHE_OPTIONS', `url must be ${form}`);
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
