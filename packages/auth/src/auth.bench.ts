/** What a check of a credential, a permission or a limit costs; for permissions and limits against a plain control. */
import { randomBytes } from 'node:crypto';
import { bench, do_not_optimize, run, summary } from 'mitata';
import {
  ApiKeys,
  generateSigningKey,
  hashPassword,
  MemoryApiKeyStore,
  PermissionTable,
  RateLimiter,
  SigningKeys,
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
const tokens = new Tokens({ keys: await SigningKeys.from([await generateSigningKey()]), issuer: 'bench', audience: 'bench' });
const issue = (): Promise<string> => tokens.issueAccess({ game: 'realm', playerId: 42n, roles: ['player'] });
const token = await issue();
const fresh: string[] = [];
for (let i = 0; i < 5000; i += 1) fresh.push(await issue());
let used = 0;
const stored = await hashPassword('correct horse');

summary(() => {
  bench('ApiKeys.verify', async () => do_not_optimize(await keys.verify(key)));
  bench('Tokens.verify, seen before', async () => do_not_optimize(await tokens.verify(token)));
});
const verifyingFromMs = performance.now();
for (; used < fresh.length; used += 1) await tokens.verify(fresh[used] ?? '');
console.log(`Tokens.verify, first time: ${(((performance.now() - verifyingFromMs) / used) * 1000).toFixed(0)} µs`);
const hashingFromMs = performance.now();
for (let i = 0; i < 10; i += 1) await verifyPassword('correct horse', stored);
console.log(`verifyPassword: ${((performance.now() - hashingFromMs) / 10).toFixed(0)} ms`);

await run({ colors: false });
