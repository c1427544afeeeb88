import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

/** A message as it came. */
export interface ReceivedMessage {
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: unknown;
}

/** Stands for all services that alerts are told to, each at a path of its own. */
export interface AlertReceiver extends AsyncDisposable {
  readonly url: string;
  /** What has come to a path. */
  at(path: string): readonly ReceivedMessage[];
}

/** Listens on a free port, and takes everything in the words of every service. */
export async function startAlertReceiver(): Promise<AlertReceiver> {
  const received: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      received.push({ path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) });
      response.end('{"errcode":0,"code":0}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    at: (path) => received.filter((message) => message.path.split('?')[0] === path),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
