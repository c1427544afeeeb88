import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateSigningKey } from '../keys/signing-key.ts';
import { AuditKeys, AuditSigner, type ChainPosition, publicAuditKey } from './audit-checkpoint.ts';
import { type AuditEntry, genesisHash, hashEntry } from './audit-entry.ts';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';
import { ChainVerifier } from './chain-verifier.ts';

const key = await generateSigningKey();
const keys = new AuditKeys([key]);
const position: ChainPosition = { scope: 'realm', chain: 0, number: 1, sequence: 3n, hash: 'ab', at: 5, isAnchor: false };

test('canonical JSON is that of RFC 8785', () => {
  // §3.2.2 and §3.2.3, without the number that this file format cannot hold.
  const sample = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
    string: '\u20AC$\u000F\u000AA\'\u0042\u0022\u005C\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(sample)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const order = { '\u20AC': 1, '\r': 2, '\uFB33': 3, '1': 4, '\u{1F600}': 5, '\u0080': 6, '\u00F6': 7 };
  expect(Object.keys(JSON.parse(canonicalJson(order)))).toEqual(['1', '\r', '\u0080', '\u00F6', '\u20AC', '\u{1F600}', '\uFB33']);
});

test('a value has one canonical text, however its members are ordered', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.boolean())), (value: Record<string, CanonicalValue>) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each([
  ['scope', 'other'],
  ['chain', 1],
  ['number', 2],
  ['sequence', 4n],
  ['hash', 'ac'],
  ['at', 6],
  ['isAnchor', true],
  ['keyId', 'other'],
] as const)('a checkpoint that was changed at %s is refused', (name, value) => {
  const signed = new AuditSigner(key).sign(position);
  expect(keys.accept(signed)).toBe(true);
  expect(keys.accept({ ...signed, [name]: value })).toBe(false);
});

test('a checkpoint whose signature has another bit, or another key, is refused', async () => {
  const signed = new AuditSigner(key).sign(position);
  const bytes = Buffer.from(signed.signature, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(keys.accept({ ...signed, signature: flipped.toString('base64url') })).toBe(false);
  }
  const other = await generateSigningKey();
  expect(keys.accept(new AuditSigner(other).sign(position))).toBe(false);
  expect(keys.accept({ ...new AuditSigner(other).sign(position), keyId: key.kid })).toBe(false);
  expect(new AuditKeys([publicAuditKey(key)]).accept(signed)).toBe(true);
  expect(publicAuditKey(key)).not.toHaveProperty('d');
});

test.each([[undefined], [{}], [{ kty: 'RSA' }], [{ ...key, d: 'short' }], [{ ...key, kid: 7 }], ['text']])('%j is no audit key', (jwk) => {
  expect(() => new AuditSigner(jwk)).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPTIONS' }));
});

const facts = {
  at: 1,
  actor: 'a',
  actorKind: '',
  roles: '',
  transport: '',
  address: '',
  requestId: '',
  operation: 'o',
  entity: '',
  subject: '',
  outcome: 0,
  changes: null,
};

function chainOf(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let sequence = 1n; sequence <= length; sequence += 1n) {
    const link = { ...facts, chain: 0, sequence, previous: entries.at(-1)?.hash ?? genesisHash('realm', 0) };
    entries.push({ ...link, hash: hashEntry('realm', link) });
  }
  return entries;
}

function faults(entries: readonly AuditEntry[], whole: readonly AuditEntry[]): number {
  const last = whole.at(-1);
  const head = last === undefined ? undefined : { sequence: last.sequence, hash: last.hash, checkpoints: 0 };
  const verifier = new ChainVerifier({ scope: 'realm', chain: 0, head, checkpoints: [], keys });
  for (const entry of entries) verifier.add(entry);
  return verifier.end().length;
}

test('whatever is removed from a chain, moved in it or taken from another place is found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.nat(), fc.constantFrom('remove', 'exchange', 'repeat', 'nothing'), (length, one, other, act) => {
      const whole = chainOf(length);
      const [from, to] = [one % length, other % length];
      const entries = [...whole];
      if (act === 'remove') entries.splice(from, 1 + (other % (length - from)));
      if (act === 'exchange') [entries[from], entries[to]] = [whole[to]!, whole[from]!];
      if (act === 'repeat') entries.splice(to, 0, whole[from]!);
      const isWhole = act === 'nothing' || (act === 'exchange' && from === to);
      expect(faults(entries, whole) === 0).toBe(isWhole);
    }),
  );
});
