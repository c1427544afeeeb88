import { RateLimiter } from '@midgard/auth';
import { MidgardError } from '@midgard/errors';
import { describe, expect, test } from 'vitest';
import { fakeAuthenticator, fixtureOfTest } from '../http/testing/fixture.ts';
import { AddressSet, limitedAs } from './address-set.ts';
import { clientAddress, type Forwarding } from './forwarded.ts';

const proxies = new AddressSet(['10.0.0.0/8', 'fd00::/8', '192.0.2.1']);
const xForwardedFor: Forwarding = { proxies, header: 'x-forwarded-for' };
const forwarded: Forwarding = { proxies, header: 'forwarded' };

describe('X-Forwarded-For', () => {
  test.each<[string, string, string | undefined, string]>([
    ['from elsewhere is not believed', '203.0.113.9', '198.51.100.7', '203.0.113.9'],
    ['from a proxy names the client', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['from a proxy that listens on IPv6', '::ffff:10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['that the client began is believed only as far as our proxies wrote it', '10.0.0.1', '1.1.1.1, 127.0.0.1, 198.51.100.7', '198.51.100.7'],
    ['that the client began with our own proxy is not followed to its left', '10.0.0.1', '1.1.1.1, 10.0.0.9, 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['of proxies alone names the first', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['with ports', '10.0.0.1', '198.51.100.7:4711', '198.51.100.7'],
    ['with IPv6 in brackets and a port', 'fd00::1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['with bare IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['of an unknown client names the proxy', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['with a name in it names the proxy', '10.0.0.1', '198.51.100.7, evil.example', '10.0.0.1'],
    ['with lines for a log in it names the proxy', '10.0.0.1', '198.51.100.7\u001B[2J', '10.0.0.1'],
    ['that is empty names the proxy', '10.0.0.1', '', '10.0.0.1'],
    ['that ends in a comma names the proxy', '10.0.0.1', '198.51.100.7,', '10.0.0.1'],
    ['that is not there names the proxy', '10.0.0.1', undefined, '10.0.0.1'],
    ['with octal digits, which some read as another address, names the proxy', '10.0.0.1', '0177.0.0.1', '10.0.0.1'],
    ['with a zone names the proxy', '10.0.0.1', 'fe80::1%eth0', '10.0.0.1'],
  ])('%s', (_name, peer, header, address) => {
    expect(clientAddress(peer, header, xForwardedFor)).toBe(address);
  });
});

describe('Forwarded', () => {
  test.each<[string, string, string, string]>([
    ['from elsewhere is not believed', '203.0.113.9', 'for=198.51.100.7', '203.0.113.9'],
    ['from a proxy names the client', '10.0.0.1', 'for=198.51.100.7;proto=https;by=10.0.0.1', '198.51.100.7'],
    ['in other case and order', '10.0.0.1', 'Proto=https;FOR="198.51.100.7:4711"', '198.51.100.7'],
    ['with IPv6', '10.0.0.1', 'for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['that the client began is believed only as far as our proxies wrote it', '10.0.0.1', 'for=1.1.1.1, for=198.51.100.7, for=10.0.0.2', '198.51.100.7'],
    ['with an obfuscated name names the proxy', '10.0.0.1', 'for=_hidden', '10.0.0.1'],
    ['with a hop that says nothing of its client names the proxy', '10.0.0.1', 'for=198.51.100.7, proto=https', '10.0.0.1'],
    ['with a comma in a quote is one hop', '10.0.0.1', 'for=198.51.100.7;host="a, for=1.1.1.1"', '198.51.100.7'],
    ['whose open quote would swallow what the proxy added names the proxy', '10.0.0.1', 'for=1.1.1.1;host=", for=198.51.100.7', '10.0.0.1'],
    ['whose open quote ends in that of the proxy names the proxy', '10.0.0.1', 'for=1.1.1.1;x="a, for="[2001:db8::1]"', '10.0.0.1'],
    ['that is none names the proxy', '10.0.0.1', '198.51.100.7', '10.0.0.1'],
  ])('%s', (_name, peer, header, address) => {
    expect(clientAddress(peer, header, forwarded)).toBe(address);
  });
});

test.each(['10.0.0.0/33', '::/129', 'proxy.example', '10.0.0.0/8/8', '', '10.0.0', 'fe80::1%eth0'])('%j is no network', (network) => {
  expect(() => new AddressSet([network])).toThrow(expect.objectContaining({ code: 'ERR_SERVER_OPTION' }));
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['', ''],
])('limits count %s as %s', (address, counted) => {
  expect(limitedAs(address)).toBe(counted);
});

async function seenBy(forwarding: Forwarding | undefined): Promise<{ ask: (header: string) => Promise<unknown>; seen: string[] }> {
  const seen: string[] = [];
  const publicLimit = { take: (address: string) => (seen.push(address), { allowed: true, retryAfterMs: 0 }) };
  const fixture = await fixtureOfTest({ publicLimit, options: forwarding === undefined ? {} : { forwarding } });
  return { seen, ask: (header) => fixture.ask('POST', '/auth/login', { headers: { 'X-Forwarded-For': header, Forwarded: `for=${header}` } }) };
}

describe('the limit of log-ins by address', () => {
  test('does not believe a forged header where no proxy is named, or from who is none', async () => {
    for (const forwarding of [undefined, xForwardedFor, forwarded]) {
      const { ask, seen } = await seenBy(forwarding);
      await ask('198.51.100.7');
      expect(seen).toEqual(['127.0.0.1']);
    }
  });

  test.each(['x-forwarded-for', 'forwarded'] as const)('counts the client behind a proxy that is named, by its %s alone', async (header) => {
    const { ask, seen } = await seenBy({ proxies: new AddressSet(['127.0.0.0/8']), header });
    await ask('198.51.100.7');
    await ask('2001:db8::1');
    expect(seen).toEqual(['198.51.100.7', header === 'forwarded' ? '127.0.0.1' : '2001:db8:0:0::/64']);
  });
});

/** Asks with a key, as somebody whose address the header tells. */
async function guessing(forwarding: Forwarding | undefined): Promise<(key: string, header: string) => Promise<number>> {
  const authenticator = {
    ...fakeAuthenticator,
    fromHttp: async (headers: Headers) => {
      if (headers.get('x-api-key') === 'guess') throw new MidgardError('credentialInvalid', 'no such key');
      return fakeAuthenticator.fromHttp(headers, '');
    },
  };
  const failureLimit = new RateLimiter({ perSecond: 1, burst: 3, clock: { now: () => 0 } });
  const fixture = await fixtureOfTest({ authenticator, failureLimit, options: forwarding === undefined ? {} : { forwarding } });
  return async (key, header) => (await fixture.ask('GET', '/players/1', { headers: { 'X-API-Key': key, 'X-Forwarded-For': header } })).status;
}

describe('the limit of wrong keys', () => {
  const guesser = '203.0.113.66';

  test('behind a trusted proxy counts who guesses, and neither the proxy nor others behind it', async () => {
    const ask = await guessing({ proxies: new AddressSet(['127.0.0.0/8']), header: 'x-forwarded-for' });
    // What the guesser writes before it, another address each time, wins nothing.
    for (let at = 0; at < 3; at += 1) expect(await ask('guess', `198.51.100.${at}, ${guesser}`)).toBe(401);
    expect(await ask('guess', `198.51.100.9, ${guesser}`)).toBe(429);
    expect(await ask('server', guesser)).toBe(429);
    expect(await ask('server', '198.51.100.1')).toBe(200);
    expect(await ask('server', '127.0.0.1')).toBe(200);
  });

  test.each([
    ['no proxy is named', undefined],
    ['the peer is no proxy', xForwardedFor],
  ])('where %s counts the peer, whatever address each guess makes up', async (_name, forwarding) => {
    const ask = await guessing(forwarding);
    for (let at = 0; at < 3; at += 1) expect(await ask('guess', `198.51.100.${at}`)).toBe(401);
    expect(await ask('guess', '198.51.100.99')).toBe(429);
    expect(await ask('server', '198.51.100.100')).toBe(429);
  });
});
