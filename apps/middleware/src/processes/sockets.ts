import { lookup } from 'node:dns/promises';
import net, { type BoundSocket } from 'node:net';
import type { Config } from '../config-schema.ts';
import { SetupError } from '../setup-error.ts';

/** Where one front end of all workers listens. */
export interface SharedAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the two front ends listen. */
export type Addresses = Readonly<Record<'tcp' | 'http', SharedAddress>>;

/** The sockets of one worker. The primary holds them and never listens or accepts; a worker has them by inheritance. */
export interface WorkerSockets extends Disposable {
  readonly tcp: BoundSocket;
  readonly http: BoundSocket;
}

/**
 * Takes the ports for this service alone: with `reusePort` a second service of the same user would quietly get half of the connections.
 * Port 0 becomes a free one.
 *
 * @throws {SetupError} `ERR_SETUP_WORKER`: this Node cannot bind a socket without listening on it
 * @throws {Error} `EADDRINUSE` and the like, from the system
 */
export async function claimAddresses({ tcp, http }: Config['server']): Promise<Addresses> {
  if (!('BoundSocket' in net)) throw new SetupError('ERR_SETUP_WORKER', 'more than one worker needs Node 24.19 or later');
  const [tcpHost, httpHost] = await Promise.all([numericHost(tcp.host), numericHost(http.host)]);
  using tcpClaim = new net.BoundSocket({ host: tcpHost, port: tcp.port });
  using httpClaim = new net.BoundSocket({ host: httpHost, port: http.port });
  return { tcp: { host: tcpHost, port: portOf(tcpClaim) }, http: { host: httpHost, port: portOf(httpClaim) } };
}

/** Makes the sockets of one worker beside those of the others (`SO_REUSEPORT`): the kernel spreads connections over those on which somebody listens. */
export function bindSockets({ tcp, http }: Addresses): WorkerSockets {
  const sockets = { tcp: new net.BoundSocket({ ...tcp, reusePort: true }), http: new net.BoundSocket({ ...http, reusePort: true }) };
  return {
    ...sockets,
    [Symbol.dispose]: () => {
      sockets.tcp.close();
      sockets.http.close();
    },
  };
}

async function numericHost(host: string): Promise<string> {
  return (await lookup(host)).address;
}

function portOf(socket: BoundSocket): number {
  const address = socket.address();
  return typeof address === 'string' ? 0 : address.port;
}
