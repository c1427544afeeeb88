/** A collector that takes every export of OTLP over HTTP and looks at none; `GET /` says how many spans there were. The port is printed. */
import { createServer } from 'node:http';
import process from 'node:process';

const idOfSpan = Buffer.from('"spanId":');
let spans = 0;

function count(body: Buffer): number {
  let found = 0;
  for (let at = body.indexOf(idOfSpan); at !== -1; at = body.indexOf(idOfSpan, at + idOfSpan.length)) found += 1;
  return found;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    spans += count(Buffer.concat(chunks));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(request.method === 'GET' ? String(spans) : '{}');
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
});
