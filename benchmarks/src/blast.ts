import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** A load of equal requests over raw sockets. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Requests that a connection keeps unanswered. */
  readonly depth: number;
  readonly request: Buffer;
  /** Bytes of one answer: every answer must have as many. */
  readonly responseBytes: number;
  readonly seconds: number;
  /** Sent first on each connection, for protocols with a greeting; its answer is one length-prefixed frame. */
  readonly hello?: Buffer;
}

/**
 * Sends batches of `depth` requests on every connection, the next when the last is answered.
 *
 * The same generator drives ours and the peer, so that its own cost, which is no smaller than theirs, stands on both sides of the ratio.
 *
 * @returns requests a second
 */
export async function blast(load: Load): Promise<number> {
  const batch = Buffer.concat(Array.from({ length: load.depth }, () => load.request));
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => open(load)));
  const endsAt = performance.now() + load.seconds * 1000;
  const startedAt = performance.now();
  const answered = await Promise.all(sockets.map((socket) => drive(socket, { batch, batchBytes: load.responseBytes * load.depth, endsAt })));
  const seconds = (performance.now() - startedAt) / 1000;
  return (answered.reduce((sum, batches) => sum + batches, 0) * load.depth) / seconds;
}

async function open({ port, hello }: Load): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  if (hello === undefined) return socket;
  socket.write(hello);
  let greeting = Buffer.alloc(0);
  while (greeting.length < 4 || greeting.length < 4 + greeting.readUInt32BE(0)) {
    const [chunk]: Buffer[] = await once(socket, 'data');
    greeting = Buffer.concat([greeting, chunk ?? Buffer.alloc(0)]);
  }
  return socket;
}

function drive(socket: Socket, { batch, batchBytes, endsAt }: { batch: Buffer; batchBytes: number; endsAt: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let missing = batchBytes;
  let batches = 0;
  socket.on('data', (chunk) => {
    missing -= chunk.length;
    if (missing < 0) reject(new Error(`${-missing} bytes more than ${batchBytes}: the answers differ in length`));
    if (missing > 0) return;
    batches++;
    missing = batchBytes;
    if (performance.now() < endsAt) socket.write(batch);
    else {
      socket.destroy();
      resolve(batches);
    }
  });
  socket.on('error', reject);
  socket.write(batch);
  return promise;
}
