/**
 * The least that an HTTP server in this runtime can do: `http-servers.ts node|hono|fastify <body>` answers every request with the body, which
 * comes in base64. The port is printed.
 */
import { createServer } from 'node:http';
import process from 'node:process';
import { serve } from '@hono/node-server';
import Fastify from 'fastify';
import { Hono } from 'hono';

const [, , kind, encoded = ''] = process.argv;
const body = Buffer.from(encoded, 'base64').toString();
const type = 'application/json';
const host = '127.0.0.1';

function announce(port: number): void {
  process.stdout.write(`${port}\n`);
}

function node(): void {
  const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
  const server = createServer((_, response) => response.writeHead(200, headers).end(body));
  server.listen(0, host, () => {
    const address = server.address();
    if (address !== null && typeof address !== 'string') announce(address.port);
  });
}

function hono(): void {
  const app = new Hono().get('/api/v1/games/:game/players/:id', (context) => context.body(body, 200, { 'Content-Type': type }));
  serve({ fetch: app.fetch, port: 0, hostname: host }, ({ port }) => announce(port));
}

async function fastify(): Promise<void> {
  const app = Fastify().get('/api/v1/games/:game/players/:id', (_, reply) => reply.type(type).send(body));
  announce(Number(new URL(await app.listen({ port: 0, host })).port));
}

if (kind === 'node') node();
else if (kind === 'hono') hono();
else await fastify();
