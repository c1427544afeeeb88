import { expect, test } from 'vitest';
import { serversOf } from './client-certificate.ts';

test.each<[string, string | undefined, unknown, string[]]>([
  ['a DNS name', 'DNS:arena-1', undefined, ['arena-1']],
  ['a URI', 'URI:urn:midgard:server:arena-1', undefined, ['arena-1']],
  ['several', 'URI:urn:midgard:server:arena-1, DNS:arena-2, IP Address:10.0.0.1', undefined, ['arena-1', 'arena-2']],
  ['a common name where there is nothing else', undefined, 'arena-1', ['arena-1']],
  ['no common name beside other names', 'DNS:arena-2', 'arena-1', ['arena-2']],
  ['none of two common names', undefined, ['arena-1', 'arena-2'], []],
  ['no URI of others', 'URI:https://arena-1, URI:urn:other:arena-1', 'arena-1', []],
  ['no mail address', 'email:arena-1', 'arena-1', []],
  ['a wildcard as a name and not as a pattern', 'DNS:*', undefined, ['*']],
  ['a name with a comma as one name', String.raw`DNS:"arena-2, DNS:arena-1"`, undefined, ['arena-2, DNS:arena-1']],
  ['nothing where a name cannot be read', 'DNS:arena-1, DNS:"open', 'arena-1', []],
  ['nothing', undefined, undefined, []],
])('a certificate with %s', (_name, altNames, commonName, servers) => {
  expect([...serversOf(altNames, commonName)]).toEqual(servers);
});
