/**
 * The least that a server in this runtime can do: `peer.ts tcp <request bytes> <answer>` answers every so many bytes with
 * the same answer, `peer.ts http <answer>` is a bare Hono application. The answer comes in base64; the port is printed.
 */
import { createServer, type AddressInfo } from 'node:net';
import process from 'node:process';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const [, , kind, ...rest] = process.argv;

function tcp(requestBytes: number, answer: Buffer): void {
  const server = createServer({ noDelay: true }, (socket) => {
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
      const whole = Math.floor(received / requestBytes);
      received -= whole * requestBytes;
      if (whole > 0) socket.write(Buffer.concat(Array.from({ length: whole }, () => answer)));
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => announce(server.address()));
}

function http(answer: string): void {
  const app = new Hono().get('*', (context) => context.body(answer, 200, { 'Content-Type': 'application/json' }));
  serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, announce);
}

function announce(address: AddressInfo | string | null): void {
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
}

if (kind === 'tcp') tcp(Number(rest[0]), Buffer.from(rest[1] ?? '', 'base64'));
else http(Buffer.from(rest[0] ?? '', 'base64').toString());
