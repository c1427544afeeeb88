import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import type { Config } from '../../config-schema.ts';
import { SetupError } from '../../setup-error.ts';
import type { Limit } from './limits.ts';
import type { MixPart } from './mixes.ts';
import type { Plan, Target } from './plan.ts';

/** The options of `midgard bench`, as its command line has read them. */
export interface BenchOptions {
  readonly tcp?: { readonly host: string; readonly port: number };
  readonly url?: string;
  readonly game: string;
  readonly key?: string;
  readonly connections: number;
  readonly depth: number;
  readonly rate?: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly threads: number;
  readonly players: number;
  readonly mix: readonly MixPart[];
  readonly json?: string;
  readonly report?: string;
  readonly failAbove: readonly Limit[];
}

/** What `midgard bench` has to do. */
export interface BenchOrder {
  readonly plan: Plan;
  /** Where the service tells of itself, without a slash at its end; undefined: nobody knows. */
  readonly metricsUrl: string | undefined;
}

const loopback = '127.0.0.1';

/**
 * Makes a plan of options: without an address it is the service of the settings, with `--url` alone the load goes over HTTP.
 *
 * @throws {SetupError} `ERR_SETUP_ARGUMENT`: options that do not go together, or there is no key
 */
export function orderOf(options: BenchOptions, config: Config): BenchOrder {
  const { tcp, url, connections, depth, threads } = options;
  const target: Target = tcp === undefined && url !== undefined ? { over: 'http', baseUrl: url } : { over: 'tcp', ...(tcp ?? localTcp(config)) };
  if (target.over === 'http' && depth > 1) throw wrong('--depth is for TCP: over HTTP a connection has one request at a time; give more --connections');
  if (threads > connections) throw wrong(`--threads ${threads} are more than the ${connections} connections; each thread needs one`);
  return {
    metricsUrl: url ?? (tcp === undefined ? localHttp(config) : undefined),
    plan: {
      target,
      game: options.game,
      key: options.key ?? savedKey(config),
      connections,
      depth,
      ratePerSecond: options.rate,
      warmUpMs: options.warmUp * 1000,
      durationMs: options.duration * 1000,
      threads,
      players: options.players,
      mix: options.mix,
      run: randomBytes(4).toString('hex'),
    },
  };
}

function localTcp({ server: { tcp } }: Config): { readonly host: string; readonly port: number } {
  if (tcp.tls !== undefined) throw wrong('the TCP port of the settings speaks TLS, which bench does not; name one without by --tcp, or load HTTPS by --url');
  return { host: reachable(tcp.host), port: tcp.port };
}

function localHttp({ server: { http } }: Config): string {
  const host = reachable(http.host);
  return `${http.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
}

/** A service that listens everywhere is reached on the loopback. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? loopback : host;
}

function savedKey({ dataDir }: Config): string {
  const file = path.join(dataDir, 'development-key');
  if (!existsSync(file))
    throw wrong(`no key: give one with --key or MIDGARD_BENCH_KEY; there is no development key in ${dataDir} either, which the first start makes`);
  return readFileSync(file, 'utf8').trim();
}

function wrong(message: string): SetupError {
  return new SetupError('ERR_SETUP_ARGUMENT', message);
}
