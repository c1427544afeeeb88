import { createLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { openTransport, type Transport } from './open-transport.ts';

function opened(server: object, isProduction: boolean): Transport {
  const log = createLogger({ name: 'test', level: 'silent' });
  return openTransport({ config: configSchema.parse({ server }), isProduction, registry: new Registry(), log });
}

/** How many connections of an address are taken; 5000 stands for all. */
function taken({ connectionLimit }: Transport['tcp'], address: string): number {
  let count = 0;
  while (count < 5000 && connectionLimit?.enter(address) !== null) count += 1;
  return count;
}

describe('connections of one address', () => {
  test('are limited in production, but not from the machine itself or from a proxy', () => {
    using transport = opened({ http: { trustedProxies: ['10.0.0.0/8'] } }, true);
    expect([taken(transport.tcp, '203.0.113.5'), taken(transport.http, '203.0.113.5')]).toEqual([1000, 200]);
    expect([taken(transport.tcp, '127.0.0.1'), taken(transport.http, '::1'), taken(transport.http, '10.1.2.3')]).toEqual([5000, 5000, 5000]);
    // Over TCP nobody can say whom a proxy speaks for.
    expect(taken(transport.tcp, '10.1.2.3')).toBe(1000);
  });

  test('are not limited elsewhere', () => {
    using transport = opened({}, false);
    expect([taken(transport.tcp, '203.0.113.5'), taken(transport.http, '203.0.113.5')]).toEqual([5000, 5000]);
  });

  test.each([true, false])('are limited as told, in production: %s, also from the machine itself', (isProduction) => {
    using transport = opened({ tcp: { maxConnectionsPerAddress: 3 }, http: { maxConnectionsPerAddress: 4, trustedProxies: ['10.0.0.1'] } }, isProduction);
    expect([taken(transport.tcp, '127.0.0.1'), taken(transport.http, '127.0.0.1'), taken(transport.http, '10.0.0.1')]).toEqual([3, 4, 5000]);
  });
});

test('no proxy is believed unless it is named, and then by one header', () => {
  using none = opened({}, true);
  expect(none.forwarding).toBeUndefined();
  using usual = opened({ http: { trustedProxies: ['10.0.0.1'] } }, true);
  expect(usual.forwarding?.header).toBe('x-forwarded-for');
  using other = opened({ http: { trustedProxies: ['10.0.0.1'], forwardedHeader: 'Forwarded' } }, true);
  expect([other.forwarding?.header, other.forwarding?.proxies.has('10.0.0.1'), other.forwarding?.proxies.has('10.0.0.2')]).toEqual(['forwarded', true, false]);
});
