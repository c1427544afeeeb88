import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { portOf } from './nginx-cdn.ts';

/** A purge as it arrived. */
export interface ReceivedPurge {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, readonly string[]>>;
}

const Body = z.record(z.string(), z.array(z.string()));

/** The part of a CDN that takes purges. */
export interface PurgeReceiver extends AsyncDisposable {
  readonly url: string;
  readonly purges: readonly ReceivedPurge[];
  /** What it answers from now on; default 200. */
  status: number;
  /** Does what a purge asks for, before it is answered. */
  onPurge: (keys: readonly string[]) => Promise<void>;
}

/** Starts one on a free port. */
export async function startPurgeReceiver(): Promise<PurgeReceiver> {
  const purges: ReceivedPurge[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Body.parse(JSON.parse(Buffer.concat(chunks).toString()));
    purges.push({ headers: request.headers, body });
    if (receiver.status === 200) await receiver.onPurge(Object.values(body).flat());
    response.writeHead(receiver.status, receiver.status === 302 ? { Location: receiver.url } : {}).end('{}');
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: PurgeReceiver = {
    url: `http://127.0.0.1:${portOf(server)}/purge`,
    purges,
    status: 200,
    onPurge: () => Promise.resolve(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
