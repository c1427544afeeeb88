import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kind } from '@midgard/codec';
import { CertificateFolder } from '@midgard/test-services';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AddressSet } from '../addresses/address-set.ts';
import { ConnectionLimit } from '../addresses/connection-limit.ts';
import { fixtureOfTest } from '../http/testing/fixture.ts';
import { sendRaw } from '../http/testing/raw.ts';
import { start, turn, until } from '../testing/harness.ts';
import { TestClient } from '../testing/test-client.ts';
import { trickle } from '../testing/trickle.ts';

const loopbackAlone = new AddressSet(['127.0.0.0/8']);

describe('one address with too many connections', () => {
  test('is told so (1005), and has room again when one has gone', async () => {
    const { open, connect: dial, server } = await start({ connectionLimit: new ConnectionLimit({ max: 2 }) });
    const first = await open();
    const second = await open();
    const third = await dial();
    expect((await third.rest()).map(({ body }) => body)).toMatchObject([{ code: 1005, message: 'too many connections from this address' }]);
    third.close();
    expect((await second.call(1, 1, {}))?.kind).toBe(Kind.response);
    first.close();
    await until(() => server.connections === 1);
    expect((await (await dial()).hello())?.kind).toBe(Kind.welcome);
  });

  test('takes no place from others, however many it opens and keeps open', async () => {
    const { connect: dial, port, server } = await start({ connectionLimit: new ConnectionLimit({ max: 1 }), maxConnections: 2 });
    await dial();
    const crowd = Array.from({ length: 300 }, () => connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined));
    onTestFinished(() => crowd.forEach((socket) => socket.destroy()));
    await Promise.all(crowd.map((socket) => new Promise((resolve) => socket.resume().once('end', resolve).once('close', resolve))));
    expect(server.connections).toBe(1 + 256);
    // The loopback has many addresses, and this one is somebody else.
    const other = new TestClient(connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }));
    onTestFinished(() => other.close());
    expect((await other.hello())?.kind).toBe(Kind.welcome);
  });

  test('is cut before its TLS handshake', async () => {
    const certificates = new CertificateFolder();
    onTestFinished(() => certificates[Symbol.dispose]());
    const tls = certificates.selfSigned('server');
    const { connect: dial, port } = await start({ tls, connectionLimit: new ConnectionLimit({ max: 1 }) });
    await dial();
    const events: string[] = [];
    const second = connectTls({ port, host: '127.0.0.1', ca: tls.cert, servername: 'localhost' });
    onTestFinished(() => void second.destroy());
    await new Promise((resolve) => {
      for (const event of ['secureConnect', 'error', 'close']) second.on(event, () => resolve(events.push(event)));
    });
    expect(events).not.toContain('secureConnect');
  });

  test('over HTTP is cut, the others are served, and it has room again', async () => {
    const fixture = await fixtureOfTest({ listen: { connectionLimit: new ConnectionLimit({ max: 1 }) } });
    const held = connect(fixture.port, '127.0.0.1');
    await new Promise((resolve) => held.once('connect', resolve));
    const ask = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(fixture.port, ask).catch(() => '')).toBe('');
    expect(await sendRaw(fixture.port, ask, '127.0.0.2')).toMatch(/^HTTP\/1\.1 200/);
    const gone = new Promise((resolve) => held.once('close', resolve));
    held.end().resume();
    await gone;
    expect(await sendRaw(fixture.port, ask)).toMatch(/^HTTP\/1\.1 200/);
  });

  test('is not limited where it is a proxy', async () => {
    const { open } = await start({ connectionLimit: new ConnectionLimit({ max: 1, except: loopbackAlone }) });
    await open();
    expect((await (await open()).call(1, 1, {}))?.kind).toBe(Kind.response);
  });

  test('is one IPv6 network of 64 bits, whichever of its addresses it takes', () => {
    const limit = new ConnectionLimit({ max: 2 });
    const leave = limit.enter('2001:db8:1:2::1');
    expect(limit.enter('2001:db8:1:2:3:4:5:6')).not.toBeNull();
    expect(limit.enter('2001:db8:1:2:ffff::')).toBeNull();
    expect(limit.enter('2001:db8:1:3::1')).not.toBeNull();
    leave?.();
    expect(limit.enter('2001:db8:1:2:ffff::')).not.toBeNull();
  });

  test.each([0, -1, 1.5, Number.NaN])('a limit of %d is none', (max) => {
    expect(() => new ConnectionLimit({ max })).toThrow(expect.objectContaining({ code: 'ERR_SERVER_OPTION' }));
  });
});

describe('who is slow on purpose is cut in time and holds nobody up', () => {
  test('a hello of a byte a second', async () => {
    const { connect: dial, open, time, metrics } = await start({ helloTimeoutMs: 5000 });
    const other = await open();
    const slow = await dial();
    const sent = metrics.bytesIn;
    // The length of a frame that never becomes whole.
    const bytes = Buffer.from([0, 0, 4, 0, 1, 6, 0, 0]);
    let seconds = 0;
    for (; seconds < bytes.length && slow.received.length === 0; seconds += 1) {
      slow.socket.write(bytes.subarray(seconds, seconds + 1));
      await until(() => metrics.bytesIn > sent + seconds || slow.received.length > 0);
      time.advance(1000);
      await turn();
      await turn();
    }
    expect((await slow.rest()).map(({ body }) => body)).toMatchObject([{ code: 3001 }]);
    expect(seconds).toBeLessThanOrEqual(6);
    expect((await other.call(1, 1, {}))?.kind).toBe(Kind.response);
  });

  test('a TLS handshake of a byte at a time', async () => {
    const certificates = new CertificateFolder();
    onTestFinished(() => certificates[Symbol.dispose]());
    const { port, metrics } = await start({ tls: certificates.selfSigned('server'), helloTimeoutMs: 400 });
    const record = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Buffer.alloc(500)]);
    const { written } = await trickle(connect(port, '127.0.0.1'), record, 20);
    expect(written).toBeLessThan(60);
    expect(metrics.opened).toBe(0);
  });
});
