import { connect } from 'node:net';

/**
 * Sends bytes as they are and reads until the server closes: for requests that no client library would send.
 *
 * @param port the server's
 * @param localAddress address of the loopback to come from
 * @param request text or bytes; must ask for `Connection: close` where the server would keep the connection
 */
export function sendRaw(port: number, request: string | Uint8Array, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.write(request);
  });
}

/** The status of every answer on a connection. */
export function statuses(answer: string): string[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);
}
