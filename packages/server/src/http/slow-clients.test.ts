import { connect } from 'node:net';
import { CertificateFolder } from '@midgard/test-services';
import { expect, onTestFinished, test } from 'vitest';
import { noopMetrics } from '../metrics.ts';
import { trickle, type Trickled } from '../testing/trickle.ts';
import type { HttpServerOptions } from './http-server.ts';
import { fixtureOfTest } from './testing/fixture.ts';

const everyMs = 50;
/** Who is served meanwhile must be within it, too, however busy the machine is. */
const limitMs = 1000;
/** Bytes that fit into the limit and the time after which it is looked at, twice over, since the machine may be busy. */
const mostBytes = (2 * 1.5 * limitMs) / everyMs;

/** Fifty clients that begin with this and then write a byte at a time, while another is served. */
async function crawl(listen: HttpServerOptions['listen'], begin: string, bytes: string): Promise<{ crawled: Trickled[]; served: number[] }> {
  const fixture = await fixtureOfTest({ ...(listen !== undefined && { listen }) });
  const crawling = Array.from({ length: 50 }, () => {
    const socket = connect(fixture.port, '127.0.0.1');
    if (begin !== '') socket.write(begin);
    return trickle(socket, Buffer.from(bytes), everyMs);
  });
  const served: number[] = [];
  for (let count = 0; count < 10; count += 1) served.push((await fixture.ask('GET', '/players/1')).status);
  return { crawled: await Promise.all(crawling), served };
}

test.each<[string, object, string, string]>([
  ['a request line', { headersTimeoutMs: limitMs }, '', `GET /${'x'.repeat(10_000)}`],
  ['headers', { headersTimeoutMs: limitMs }, 'GET /livez HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n'],
  [
    'a body',
    { headersTimeoutMs: limitMs, receiveTimeoutMs: limitMs },
    'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n',
    ' ',
  ],
  [
    'chunks',
    { headersTimeoutMs: limitMs, receiveTimeoutMs: limitMs },
    'POST /api/v1/games/fake/players HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    '1\r\n \r\n',
  ],
])('who sends %s a byte at a time is cut in time, and holds nobody up', async (_name, listen, begin, bytes) => {
  const { crawled, served } = await crawl(listen, begin, bytes);
  expect(served).toEqual(Array.from({ length: 10 }, () => 200));
  for (const { answer, written } of crawled) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"code":1004/);
    expect(written).toBeLessThan(mostBytes);
  }
});

test('who connects and sends nothing is cut in time', async () => {
  const fixture = await fixtureOfTest({ listen: { headersTimeoutMs: limitMs } });
  const silent = connect(fixture.port, '127.0.0.1');
  let answer = '';
  silent.setEncoding('latin1').on('data', (text: string) => (answer += text));
  await new Promise((resolve) => silent.once('close', resolve));
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test('who asks for much and reads nothing is cut in time, while who waits for a slow answer is not', async () => {
  const closed = Promise.withResolvers<void>();
  const fixture = await fixtureOfTest({
    metrics: { ...noopMetrics, connectionClosed: () => closed.resolve() },
    listen: { keepAliveMs: 100 },
    options: { requestTimeoutMs: 400 },
  });
  const deaf = connect(fixture.port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void deaf.destroy());
  deaf.write('GET /api/v1/games/fake/large HTTP/1.1\r\nHost: x\r\nX-API-Key: server\r\n\r\n'.repeat(3000));
  await closed.promise;
  expect((await fixture.ask('GET', '/slow')).status).toBe(504);
});

test('who sends a TLS handshake a byte at a time is cut in time, and holds nobody up', async () => {
  const certificates = new CertificateFolder();
  onTestFinished(() => certificates[Symbol.dispose]());
  const fixture = await fixtureOfTest({ listen: { headersTimeoutMs: limitMs, tls: certificates.selfSigned('server') } });
  // The record says that 512 bytes follow.
  const { answer, written } = await trickle(
    connect(fixture.port, '127.0.0.1'),
    Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Buffer.alloc(500)]),
    everyMs,
  );
  expect(answer).toBe('');
  expect(written).toBeLessThan(mostBytes);
});
