import { constants } from 'node:crypto';
import type { Server as TlsServer, TlsOptions } from 'node:tls';
import { ServerError } from '../errors.ts';

/** A key and its certificate, and whose client certificates are good; all in PEM. */
export interface TlsIdentity {
  readonly key: string | Buffer;
  /** The certificate, and behind it those between it and its root. */
  readonly cert: string | Buffer;
  /** Authorities that sign client certificates; needed where one is asked for, since otherwise any public authority would do. */
  readonly ca?: string | Buffer;
}

/**
 * Whether clients show a certificate (mutual TLS): `none`; `request`: who shows one must show a good one; `require`: nobody else gets in.
 * Over TCP the certificate then names the game server that an HMAC hello speaks for.
 */
export type ClientCertificate = 'none' | 'request' | 'require';

/** TLS of a front end. */
export interface TlsSetup extends TlsIdentity {
  /** Default `none`. */
  readonly clientCertificate?: ClientCertificate;
}

/**
 * Options of a listener that speaks TLS 1.3 and nothing older (RFC 8446; RFC 9325 §3.1.1, ASVS 5 §12.1.1).
 *
 * @param setup key, certificate and what is asked of clients
 * @param handshakeTimeoutMs longest time of a handshake
 * @throws {ServerError} `ERR_SERVER_OPTION`: client certificates without an authority
 */
export function listenerOptions(setup: TlsSetup, handshakeTimeoutMs: number): TlsOptions {
  const { clientCertificate = 'none' } = setup;
  if (clientCertificate !== 'none' && setup.ca === undefined)
    throw new ServerError('ERR_SERVER_OPTION', 'client certificates need the authority that signs them (ca)');
  return {
    ...contextOptions(setup),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: clientCertificate !== 'none',
    rejectUnauthorized: clientCertificate === 'require',
    // A resumed session would bring the certificate of an earlier handshake, long after it was replaced.
    ...(clientCertificate !== 'none' && { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
}

/**
 * Gives new handshakes another key and certificate; connections that are open go on with theirs.
 *
 * @throws {Error} of OpenSSL: key and certificate do not fit, or cannot be read; those before stay in force then
 */
export function renewIdentity(server: TlsServer, setup: TlsSetup): void {
  const noTicket = (setup.clientCertificate ?? 'none') === 'none' ? {} : { secureOptions: constants.SSL_OP_NO_TICKET };
  server.setSecureContext({ ...contextOptions(setup), ...noTicket });
}

function contextOptions({ key, cert, ca }: TlsIdentity): { key: string | Buffer; cert: string | Buffer; ca?: string | Buffer; minVersion: 'TLSv1.3' } {
  return { key, cert, minVersion: 'TLSv1.3', ...(ca !== undefined && { ca }) };
}
