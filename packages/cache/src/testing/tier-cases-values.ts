import { strict as assert } from 'node:assert';
import { afterShortMs, ask, bytesOf, fell, leased, longMs, putText, shortMs, storeUnder, textAt, versionAt, type TierCase } from './tier-under-test.ts';

/** What is kept, for how long, and under which version. */
export const valueCases: Readonly<Record<string, TierCase>> = {
  'of a key that nobody wrote nothing is known': async ({ tier }) => {
    assert.equal(await textAt(tier, 'k'), undefined);
    assert.equal(await versionAt(tier, 'k'), 0);
  },
  'a value that was put is read everywhere, with its version': async ({ tier, other }) => {
    const version = await putText(tier, 'k', 'v');
    const [record] = await other.read(['k']);
    assert.deepEqual(record && { version: record.version, bytes: new Uint8Array(record.bytes) }, { version, bytes: bytesOf('v') });
    assert.equal(await versionAt(other, 'k'), version);
  },
  'a value ends by its time, and with it what is known of the key': async ({ tier, pass }) => {
    await putText(tier, 'put', 'v', shortMs);
    await storeUnder(tier, 'stored', await leased(tier, 'stored'), 'v', shortMs);
    await pass(afterShortMs);
    assert.deepEqual(await tier.read(['put', 'stored']), [undefined, undefined]);
    assert.deepEqual(await tier.versions(['put', 'stored']), [0, 0]);
    assert.equal((await ask(tier, 'put')).kind, 'leased');
  },
  'the last put counts, and its time': async ({ tier, pass }) => {
    await putText(tier, 'k', 'short', shortMs);
    await putText(tier, 'k', 'long');
    await pass(afterShortMs);
    assert.equal(await textAt(tier, 'k'), 'long');
  },
  'invalidate drops the value, and versions tell of it': async ({ tier, other }) => {
    const put = await putText(tier, 'k', 'v');
    const fallen = await fell(other, 'k');
    assert.ok(fallen > put);
    assert.equal(await textAt(tier, 'k'), undefined);
    assert.equal(await versionAt(tier, 'k'), fallen);
  },
  'invalidate without a time is remembered for a minute': async ({ tier }) => {
    const [fallen] = await tier.invalidate(['k']);
    assert.equal(await versionAt(tier, 'k'), fallen);
  },
  'an invalidation is forgotten after its time, and not before one that came earlier': async ({ tier, pass }) => {
    await putText(tier, 'forgotten', 'v', longMs);
    await fell(tier, 'forgotten', shortMs);
    await fell(tier, 'remembered', longMs);
    const again = await fell(tier, 'remembered', shortMs);
    await pass(afterShortMs);
    assert.equal(await versionAt(tier, 'forgotten'), 0);
    assert.equal(await versionAt(tier, 'remembered'), again);
  },
  'an invalidation is remembered beyond a lease that came after and ended': async ({ tier, pass }) => {
    const fallen = await fell(tier, 'timed', longMs);
    await leased(tier, 'timed', { leaseMs: shortMs });
    await fell(tier, 'released', longMs);
    const lease = await leased(tier, 'released', { leaseMs: shortMs });
    await tier.release([{ key: 'released', version: lease }]);
    await pass(afterShortMs);
    assert.ok((await versionAt(tier, 'timed')) > fallen);
    assert.equal(await versionAt(tier, 'released'), lease);
  },
  'versions tell of a lease while it lasts': async ({ tier, pass }) => {
    const lease = await leased(tier, 'k');
    assert.equal(await versionAt(tier, 'k'), lease);
    await leased(tier, 'short', { leaseMs: shortMs });
    await pass(afterShortMs);
    assert.equal(await versionAt(tier, 'short'), 0);
  },
  'versions of one key rise over all that is done to it': async ({ tier, other }) => {
    const seen: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const [mine, yours] = turn % 2 === 0 ? [tier, other] : [other, tier];
      seen.push(await putText(mine, 'k', 'v'), await fell(yours, 'k'), await fell(mine, 'k'));
      const lease = await leased(mine, 'k');
      seen.push(lease);
      if (turn % 3 === 0) assert.equal(await storeUnder(mine, 'k', lease, 'v'), lease);
      if (turn % 3 === 1) await yours.release([{ key: 'k', version: lease }]);
    }
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    assert.equal(new Set(seen).size, seen.length);
  },
};

const oddKeys: readonly string[] = [
  '',
  ' ',
  'a b',
  'a\tb\r\nc',
  'ä/ö/日本語/🐉',
  '\u0000',
  '{braces}',
  '{',
  '}{',
  '{}',
  'a{same}b',
  'c{same}d',
  '__proto__',
  'constructor',
  '*',
  '[a-z]?',
  '$1',
  "it's",
  '"quoted"',
  'x'.repeat(10_000),
  ':::',
];

/** Many keys in one call, keys of all kinds, bytes of all kinds. */
export const shapeCases: Readonly<Record<string, TierCase>> = {
  'no keys, no answers': async ({ tier }) => {
    const answers = [
      await tier.read([]),
      await tier.lease([], longMs),
      await tier.store([]),
      await tier.put([]),
      await tier.invalidate([]),
      await tier.versions([]),
    ];
    assert.deepEqual(answers, [[], [], [], [], [], []]);
    await tier.release([]);
  },
  'odd keys are each their own': async ({ tier, other }) => {
    const versions = await tier.put(oddKeys.map((key, i) => ({ key, bytes: bytesOf(`v${i}`), ttlMs: longMs })));
    const records = await other.read(oddKeys);
    assert.deepEqual(
      records.map((record) => record?.version),
      versions,
    );
    assert.deepEqual(
      records.map((record) => new TextDecoder().decode(record?.bytes)),
      oddKeys.map((_, i) => `v${i}`),
    );
    assert.deepEqual(await other.versions(oddKeys), versions);
    await tier.invalidate(oddKeys);
    assert.deepEqual(
      await other.read(oddKeys),
      oddKeys.map(() => undefined),
    );
    const answers = await tier.lease(
      oddKeys.map((key) => ({ key })),
      longMs,
    );
    assert.ok(answers.every(({ kind }) => kind === 'leased'));
  },
  'bytes come back as they were stored': async ({ tier, other }) => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const large = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
    const samples = [new Uint8Array(0), all, large, Uint8Array.of(0), bytesOf('V'), bytesOf('\r\n$-1\r\n'), all.subarray(10, 20)];
    await tier.put(samples.map((bytes, i) => ({ key: `put${i}`, bytes, ttlMs: longMs })));
    for (const [i, bytes] of samples.entries()) {
      assert.notEqual((await tier.store([{ key: `stored${i}`, version: await leased(tier, `stored${i}`), bytes, ttlMs: longMs }]))[0], undefined);
    }
    for (const kind of ['put', 'stored']) {
      const records = await other.read(samples.map((_, i) => `${kind}${i}`));
      assert.deepEqual(
        records.map((record) => record && new Uint8Array(record.bytes)),
        samples.map((bytes) => new Uint8Array(bytes)),
      );
    }
  },
  'what is done to the given bytes after the answer changes nothing': async ({ tier, other }) => {
    const bytes = bytesOf('before');
    await tier.put([{ key: 'k', bytes, ttlMs: longMs }]);
    bytes.fill(0);
    assert.equal(await textAt(other, 'k'), 'before');
  },
  'many keys are answered in order, whatever there is for each': async ({ tier, other }) => {
    const keys = Array.from({ length: 2500 }, (_, i) => `key ${i}`);
    const even = keys.filter((_, i) => i % 2 === 0);
    const versions = await tier.put(even.map((key) => ({ key, bytes: bytesOf(key), ttlMs: longMs })));
    const expected = keys.map((key, i) => (i % 2 === 0 ? key : undefined));
    const records = await other.read(keys);
    assert.deepEqual(
      records.map((record) => record && new TextDecoder().decode(record.bytes)),
      expected,
    );
    const answers = await other.lease(
      keys.map((key) => ({ key })),
      longMs,
    );
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      keys.map((_, i) => (i % 2 === 0 ? 'value' : 'leased')),
    );
    const leases = answers.flatMap((answer, i) => (answer.kind === 'leased' ? [{ key: keys[i] ?? '', version: answer.version }] : []));
    const stored = await other.store(leases.map((lease) => ({ ...lease, bytes: bytesOf('new'), ttlMs: longMs })));
    assert.deepEqual(
      stored,
      leases.map(({ version }) => version),
    );
    assert.deepEqual(
      (await tier.versions(keys)).filter((_, i) => i % 2 === 0),
      versions,
    );
    const fallen = await tier.invalidate(keys);
    assert.deepEqual(await tier.versions(keys), fallen);
  },
  'a closed tier answers nothing': async ({ tier }) => {
    await tier.close();
    const asked = [
      tier.read(['k']),
      tier.lease([{ key: 'k' }], longMs),
      tier.store([{ key: 'k', version: 1, bytes: bytesOf('v'), ttlMs: longMs }]),
      tier.release([{ key: 'k', version: 1 }]),
      tier.put([{ key: 'k', bytes: bytesOf('v'), ttlMs: longMs }]),
      tier.invalidate(['k']),
      tier.versions(['k']),
    ];
    for (const promise of asked) await assert.rejects(promise, { code: 'ERR_CACHE_TIER' });
    await tier.close();
  },
};
