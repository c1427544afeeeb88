import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import { AddressSet, ConnectionLimit, type Forwarding, loopback, type TlsIdentity, type TlsSetup } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { type FrontEnd, frontEnds, looseKeyFiles, requireSafeTransport } from './transport-rules.ts';

/** Most connections of one address in production where nothing is set: hosts of many game servers, and the pages and tools of one office. */
const productionConnections: Readonly<Record<FrontEnd, number>> = { tcp: 1000, http: 200 };

/** What a front end is given. */
export interface FrontEndTransport {
  readonly tls?: TlsSetup;
  readonly connectionLimit?: ConnectionLimit;
}

/** A server whose certificate can be renewed. */
interface Renewable {
  renewTls(identity: TlsIdentity): void;
}

/** How the front ends reach the network. */
export interface Transport extends Disposable {
  readonly tcp: FrontEndTransport;
  readonly http: FrontEndTransport;
  /** Undefined: no proxy is believed. */
  readonly forwarding: Forwarding | undefined;
  /** Gives the servers, which listen now, what is in the files from now on. */
  follow(servers: Readonly<Record<FrontEnd, Renewable>>): void;
  /** Reads the certificates anew; undefined where there are none. */
  readonly reload: (() => void) | undefined;
}

/** What {@link openTransport} works with. */
export interface TransportParts {
  readonly config: Pick<Config, 'server'>;
  readonly isProduction: boolean;
  readonly registry: Registry;
  readonly log: Logger;
  /** How many serve on the same ports, so that each has its part of what is limited where nothing is set (default 1). */
  readonly workers?: number | undefined;
}

/**
 * Reads the certificates and follows their files.
 *
 * @throws {SetupError} `ERR_SETUP_PLAINTEXT`: production without TLS; `ERR_SETUP_TLS`: a file is broken
 */
export function openTransport({ config, isProduction, registry, log, workers = 1 }: TransportParts): Transport {
  requireSafeTransport(config, isProduction);
  for (const warning of looseKeyFiles(config)) log.warn({}, warning);
  const watches = openWatches(config, registry, log);
  const { trustedProxies, forwardedHeader } = config.server.http;
  const proxies = new AddressSet(trustedProxies);
  const header = forwardedHeader === 'Forwarded' ? 'forwarded' : 'x-forwarded-for';
  const partsOf = (name: FrontEnd): FrontEndTransport => {
    const limit = limitOf(name, { config, isProduction, proxies, workers });
    const identity = watches.get(name)?.current.identity;
    const clientCertificate = config.server[name].tls?.clientCertificate ?? 'none';
    return { ...(limit !== undefined && { connectionLimit: limit }), ...(identity !== undefined && { tls: { ...identity, clientCertificate } }) };
  };
  return {
    tcp: partsOf('tcp'),
    http: partsOf('http'),
    forwarding: trustedProxies.length === 0 ? undefined : { proxies, header },
    follow: (servers) => {
      for (const [name, watch] of watches) watch.follow((identity) => servers[name].renewTls(identity));
    },
    reload: watches.size === 0 ? undefined : () => watches.forEach((watch) => watch.reload()),
    [Symbol.dispose]: () => watches.forEach((watch) => watch[Symbol.dispose]()),
  };
}

function limitOf(
  name: FrontEnd,
  {
    config,
    isProduction,
    proxies,
    workers,
  }: { readonly config: Pick<Config, 'server'>; readonly isProduction: boolean; readonly proxies: AddressSet; readonly workers: number },
): ConnectionLimit | undefined {
  const max = config.server[name].maxConnectionsPerAddress;
  const known = name === 'http' ? proxies : new AddressSet([]);
  if (max !== undefined) return new ConnectionLimit({ max, except: known });
  if (!isProduction) return undefined;
  return new ConnectionLimit({
    max: Math.ceil(productionConnections[name] / workers),
    except: { has: (address) => loopback.has(address) || known.has(address) },
  });
}

function openWatches(config: Pick<Config, 'server'>, registry: Registry, log: Logger): ReadonlyMap<FrontEnd, CertificateWatch> {
  const watches = new Map<FrontEnd, CertificateWatch>();
  const help = 'When the first certificate of the chain expires, in seconds since 1970';
  const expires = registry.gauge({ name: 'midgard_tls_certificate_expires_seconds', help, labels: ['endpoint'] });
  const reloads = registry.counter({
    name: 'midgard_tls_reloads_total',
    help: 'Changed certificate files by what became of them',
    labels: ['endpoint', 'result'],
  });
  for (const endpoint of frontEnds) {
    const { tls } = config.server[endpoint];
    if (tls === undefined) continue;
    const files = { endpoint, certFile: tls.certFile };
    const tell = (expiresAt: number): void => expires.labels({ endpoint }).set(expiresAt / 1000);
    const watch = new CertificateWatch(tls, {
      onRenewed: ({ expiresAt }) => {
        tell(expiresAt);
        reloads.labels({ endpoint, result: 'renewed' }).add(1);
        log.info({ ...files, expiresAt: new Date(expiresAt).toISOString() }, 'certificate renewed');
      },
      onRefused: ({ message }) => {
        reloads.labels({ endpoint, result: 'refused' }).add(1);
        log.error({ ...files, reason: message }, 'the new certificate is not used: the one before stays in force');
      },
    });
    tell(watch.current.expiresAt);
    watches.set(endpoint, watch);
  }
  return watches;
}
