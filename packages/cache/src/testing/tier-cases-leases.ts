import { strict as assert } from 'node:assert';
import { afterShortMs, ask, bytesOf, fell, leased, longMs, putText, shortMs, storeUnder, textAt, versionAt, type TierCase } from './tier-under-test.ts';

/** Who may load, for how long, and what ends it. */
export const leaseCases: Readonly<Record<string, TierCase>> = {
  'of many who ask at once one gets the lease': async ({ tier, other }) => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(i % 2 === 0 ? tier : other, 'k')));
    assert.deepEqual(kindsOf(answers), { leased: 1, busy: 29 });
  },
  'a lease is told with the time at which it was granted, by the clock of the versions': async ({ tier }) => {
    const before = await putText(tier, 'before', 'v');
    const answer = await ask(tier, 'k');
    assert.ok(answer.kind === 'leased');
    assert.ok(answer.version > 0 && Number.isSafeInteger(answer.version));
    assert.ok(answer.at > 0 && answer.at <= answer.version);
    assert.ok(Math.abs(answer.at - before) < 1000 * (longMs + 1000 * tier.maxClockSkewMs), 'at is in the unit of versions');
  },
  'what is stored under a lease is read with the version that store gave, which is the lease’s': async ({ tier, other }) => {
    const version = await leased(tier, 'k');
    assert.equal(await storeUnder(tier, 'k', version, 'v'), version);
    assert.deepEqual((await other.read(['k']))[0]?.version, version);
    assert.equal(await textAt(other, 'k'), 'v');
  },
  'who asks for a lease where a value is gets the value': async ({ tier, other }) => {
    const version = await putText(tier, 'k', 'v');
    const answer = await ask(other, 'k');
    assert.ok(answer.kind === 'value');
    assert.equal(answer.record.version, version);
    assert.deepEqual(new Uint8Array(answer.record.bytes), bytesOf('v'));
  },
  'a lease is good for one store': async ({ tier }) => {
    const version = await leased(tier, 'k');
    await storeUnder(tier, 'k', version, 'first');
    assert.equal(await storeUnder(tier, 'k', version, 'second'), undefined);
    assert.equal(await textAt(tier, 'k'), 'first');
  },
  'a store without a lease is refused': async ({ tier }) => {
    assert.equal(await storeUnder(tier, 'k', 1, 'v'), undefined);
    const version = await leased(tier, 'k');
    assert.equal(await storeUnder(tier, 'k', version + 1, 'v'), undefined);
    assert.equal(await storeUnder(tier, 'other', version, 'v'), undefined);
    assert.equal(await textAt(tier, 'k'), undefined);
    assert.equal(await storeUnder(tier, 'k', version, 'v'), version);
  },
  'a lease ends by its time: its store is refused, and another gets a higher one': async ({ tier, other, pass }) => {
    const version = await leased(tier, 'k', { leaseMs: shortMs });
    await pass(afterShortMs);
    assert.equal(await storeUnder(tier, 'k', version, 'late'), undefined);
    const next = await leased(other, 'k');
    assert.ok(next > version);
    assert.equal(await storeUnder(tier, 'k', version, 'late'), undefined);
    assert.equal(await storeUnder(other, 'k', next, 'v'), next);
    assert.equal(await textAt(tier, 'k'), 'v');
  },
  'a lease ends by invalidate, so a load that began before a write never stores its value': async ({ tier, other }) => {
    const version = await leased(tier, 'k');
    await fell(other, 'k');
    assert.equal(await storeUnder(tier, 'k', version, 'outdated'), undefined);
    assert.equal(await textAt(tier, 'k'), undefined);
    const next = await leased(tier, 'k');
    assert.equal(await storeUnder(tier, 'k', version, 'outdated'), undefined);
    assert.equal(await storeUnder(tier, 'k', next, 'new'), next);
  },
  'a lease ends by put, and what was put stays': async ({ tier, other }) => {
    const version = await leased(tier, 'k');
    const put = await putText(other, 'k', 'newest');
    assert.ok(put > version);
    assert.equal(await storeUnder(tier, 'k', version, 'outdated'), undefined);
    assert.equal(await textAt(tier, 'k'), 'newest');
  },
  'a lease that is given back goes to the next who asks, with a higher version': async ({ tier, other }) => {
    const version = await leased(tier, 'k');
    await tier.release([{ key: 'k', version }]);
    const next = await leased(other, 'k');
    assert.ok(next > version);
    assert.equal(await storeUnder(tier, 'k', version, 'late'), undefined);
  },
  'giving back what one does not hold changes nothing': async ({ tier, other }) => {
    const first = await leased(tier, 'k');
    await fell(tier, 'k');
    const second = await leased(other, 'k');
    const put = await putText(tier, 'value', 'v');
    await tier.release([
      { key: 'k', version: first },
      { key: 'value', version: put },
      { key: 'nothing', version: first },
    ]);
    assert.equal((await ask(tier, 'k')).kind, 'busy');
    assert.equal(await textAt(tier, 'value'), 'v');
    assert.equal(await storeUnder(other, 'k', second, 'v'), second);
  },
  'the same key twice in one call is as two calls': async ({ tier }) => {
    const answers = await tier.lease([{ key: 'k' }, { key: 'k' }], longMs);
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['leased', 'busy'],
    );
  },
};

/** Leases on a key that has a value. */
export const replacementCases: Readonly<Record<string, TierCase>> = {
  'a value is leased for its replacement to one asker, and stays readable meanwhile': async ({ tier, other }) => {
    const old = await putText(tier, 'k', 'old');
    const lease = await leased(tier, 'k', { replaces: old });
    assert.ok(lease > old);
    assert.equal((await ask(other, 'k', { replaces: old })).kind, 'busy');
    assert.equal((await ask(other, 'k')).kind, 'value');
    assert.equal(await textAt(other, 'k'), 'old');
    assert.equal(await versionAt(other, 'k'), old);
    assert.equal(await storeUnder(tier, 'k', lease, 'new'), lease);
    assert.equal(await textAt(other, 'k'), 'new');
    assert.equal(await versionAt(other, 'k'), lease);
  },
  'who wants to replace an older value than there is gets the newer one': async ({ tier }) => {
    const old = await putText(tier, 'k', 'old');
    const newer = await putText(tier, 'k', 'newer');
    const answer = await ask(tier, 'k', { replaces: old });
    assert.ok(answer.kind === 'value');
    assert.equal(answer.record.version, newer);
  },
  'a replacement that is given back leaves the value, and may be asked for again': async ({ tier, other }) => {
    const old = await putText(tier, 'k', 'old');
    const lease = await leased(tier, 'k', { replaces: old });
    await tier.release([{ key: 'k', version: lease }]);
    assert.equal(await textAt(tier, 'k'), 'old');
    assert.equal(await storeUnder(tier, 'k', lease, 'late'), undefined);
    const next = await leased(other, 'k', { replaces: old });
    assert.ok(next > lease);
  },
  'a replacement whose time is over leaves the value': async ({ tier, other, pass }) => {
    const old = await putText(tier, 'k', 'old');
    const lease = await leased(tier, 'k', { replaces: old, leaseMs: shortMs });
    await pass(afterShortMs);
    assert.equal(await textAt(tier, 'k'), 'old');
    assert.equal(await storeUnder(tier, 'k', lease, 'late'), undefined);
    assert.ok((await leased(other, 'k', { replaces: old })) > lease);
  },
  'a replacement falls by invalidate, and so does the value': async ({ tier, other }) => {
    const old = await putText(tier, 'k', 'old');
    const lease = await leased(tier, 'k', { replaces: old });
    const fallen = await fell(other, 'k');
    assert.ok(fallen > lease);
    assert.equal(await storeUnder(tier, 'k', lease, 'outdated'), undefined);
    assert.equal(await textAt(tier, 'k'), undefined);
  },
  'a replacement falls by put': async ({ tier, other }) => {
    const old = await putText(tier, 'k', 'old');
    const lease = await leased(tier, 'k', { replaces: old });
    assert.ok((await putText(other, 'k', 'newest')) > lease);
    assert.equal(await storeUnder(tier, 'k', lease, 'outdated'), undefined);
    assert.equal(await textAt(tier, 'k'), 'newest');
  },
  'a lease for replacement does not make the value live longer': async ({ tier, other, pass }) => {
    const old = await putText(tier, 'k', 'old', 300);
    const lease = await leased(tier, 'k', { replaces: old });
    await pass(310);
    assert.equal(await textAt(tier, 'k'), undefined);
    assert.equal(await versionAt(tier, 'k'), lease);
    assert.equal((await ask(other, 'k')).kind, 'busy');
    assert.equal(await storeUnder(tier, 'k', lease, 'new'), lease);
    assert.equal(await textAt(other, 'k'), 'new');
  },
  'a replacement given back after the end of the value leaves nothing': async ({ tier, pass }) => {
    const old = await putText(tier, 'k', 'old', 300);
    const lease = await leased(tier, 'k', { replaces: old });
    await pass(310);
    await tier.release([{ key: 'k', version: lease }]);
    assert.equal(await textAt(tier, 'k'), undefined);
    assert.ok((await leased(tier, 'k')) > lease);
  },
  'a replacement given back before the end of the value does not make it live longer': async ({ tier, pass }) => {
    const old = await putText(tier, 'k', 'old', 300);
    const lease = await leased(tier, 'k', { replaces: old });
    await tier.release([{ key: 'k', version: lease }]);
    await pass(310);
    assert.equal(await textAt(tier, 'k'), undefined);
    assert.equal(await versionAt(tier, 'k'), 0);
  },
};

function kindsOf(answers: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of answers) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
