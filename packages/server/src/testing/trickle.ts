import type { Socket } from 'node:net';

/** What became of a client that writes byte by byte. */
export interface Trickled {
  /** All that it was told. */
  readonly answer: string;
  /** How many bytes it got rid of before it was cut. */
  readonly written: number;
}

/** Writes a byte at every interval, for ever, until the other side closes. */
export function trickle(socket: Socket, bytes: Uint8Array, everyMs: number): Promise<Trickled> {
  const chunks: Buffer[] = [];
  let written = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(written % bytes.length, (written % bytes.length) + 1));
    written += 1;
  }, everyMs);
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ answer: Buffer.concat(chunks).toString('latin1'), written });
    });
  });
}
