/** What a check of a credential, a permission or a limit costs; for permissions and limits against a plain control. */
import { createPublicKey, randomBytes } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { bench, do_not_optimize, run, summary } from 'mitata';
import {
  ApiKeys,
  generateSigningKey,
  hashPassword,
  MemoryApiKeyStore,
  PermissionTable,
  RateLimiter,
  Revocations,
  KeyRing,
  TokenBucket,
  Tokens,
  verifyPassword,
} from './index.ts';

const table = new PermissionTable();
const index = table.register('player:read');
const rights = table.compile({ roles: ['game-server'] });
const plain = new Set(['player:read']);

summary(() => {
  bench('control: Set.has("player:read")', () => do_not_optimize(plain.has('player:read')));
  bench('PermissionSet.hasIndex', () => do_not_optimize(rights.hasIndex(index)));
  bench('PermissionSet.has("player:read")', () => do_not_optimize(rights.has('player:read')));
});

// As many as are ever asked for, so that the way that allows is measured.
const rate = { perSecond: 1e6, burst: 1e9 };
const bucket = new TokenBucket(rate);
const limiter = new RateLimiter(rate);
const addresses = Array.from({ length: 10_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
const counts = new Map(addresses.map((address) => [address, 0]));
for (const address of addresses) limiter.take(address);
let turn = 0;
const nextAddress = (): string => addresses[(turn = (turn + 7) % addresses.length)] ?? '';

summary(() => {
  bench('control: Date.now()', () => do_not_optimize(Date.now()));
  bench('TokenBucket.take', () => do_not_optimize(bucket.take()));
});
summary(() => {
  bench('control: Map get and set, 10,000 keys, and Date.now()', () => {
    const address = nextAddress();
    do_not_optimize(counts.set(address, (counts.get(address) ?? 0) + 1));
    do_not_optimize(Date.now());
  });
  bench('RateLimiter.take, 10,000 keys', () => do_not_optimize(limiter.take(nextAddress())));
});

const keys = new ApiKeys({ store: new MemoryApiKeyStore(), pepper: randomBytes(32), env: 'dev' });
const { key } = await keys.create({ games: '*', role: 'game-server', label: 'bench' });
const ring = await KeyRing.from([await generateSigningKey()]);
const revocations = new Revocations();
const inAnHour = Date.now() + 3_600_000;
for (let i = 0; i < 10_000; i += 1)
  revocations.add({ subject: `other:${i}`, sessionId: i % 2 === 0 ? null : `realm:s${i}`, issuedUntil: 0, forgetAt: inAnHour });
const tokens = new Tokens({ keys: ring, issuer: 'bench', audience: 'bench', revocations });
const issue = (): Promise<string> => tokens.issueAccess({ game: 'realm', playerId: 42n, roles: ['player'], sessionId: '382304210332418048' });
const peer = createVerifier({
  key: String(createPublicKey({ key: { ...tokens.jwks().keys[0] }, format: 'jwk' }).export({ format: 'pem', type: 'spki' })),
  algorithms: ['EdDSA'],
  allowedIss: 'bench',
  allowedAud: 'bench',
  cache: 20_000,
});
// As a server gets them: a text made anew from bytes, of which nothing is known from before.
const online = await Promise.all(Array.from({ length: 1000 }, async () => Buffer.from(await issue())));
let onlineTurn = 0;
const nextToken = (): string => (online[(onlineTurn = (onlineTurn + 7) % online.length)] ?? Buffer.alloc(0)).toString('latin1');
for (const each of online) {
  await tokens.verify(each.toString('latin1'));
  peer(each.toString('latin1'));
}
const fresh: string[] = [];
for (let i = 0; i < 5000; i += 1) fresh.push(await issue());
let used = 0;
const stored = await hashPassword('correct horse');

summary(() => {
  bench('ApiKeys.verify', async () => do_not_optimize(await keys.verify(key)));
});
summary(() => {
  bench('control: the text of a token from bytes', () => do_not_optimize(nextToken()));
  bench('Tokens.recall, 1000 tokens, 10,000 revocations', () => do_not_optimize(tokens.recall(nextToken())));
  bench('Tokens.verify, the same', async () => do_not_optimize(await tokens.verify(nextToken())));
  bench('fast-jwt with its cache, the same without revocations', () => do_not_optimize(peer(nextToken())));
});
const verifyingFromMs = performance.now();
for (; used < fresh.length; used += 1) await tokens.verify(fresh[used] ?? '');
console.log(`Tokens.verify, first time: ${(((performance.now() - verifyingFromMs) / used) * 1000).toFixed(0)} µs`);
const hashingFromMs = performance.now();
for (let i = 0; i < 10; i += 1) await verifyPassword('correct horse', stored);
console.log(`verifyPassword: ${((performance.now() - hashingFromMs) / 10).toFixed(0)} ms`);

await run({ colors: false });
