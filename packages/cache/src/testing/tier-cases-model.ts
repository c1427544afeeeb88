import { strict as assert } from 'node:assert';
import { setImmediate as turn } from 'node:timers/promises';
import type { Tier } from '../tier/tier.ts';
import { afterShortMs, bytesOf, longMs, seededNumbers, shortMs, textAt, type TierCase, type TierUnderTest } from './tier-under-test.ts';

const keys: readonly string[] = ['a', 'b', 'c', 'd', 'e'];
const seeds: readonly number[] = [1, 7, 42];
const stepCount = 250;

/** What a tier holds for one key, as plainly as it can be said. What is short ends before the next step. */
interface ModelEntry {
  version: number;
  text: string | undefined;
  lease: number | undefined;
}

/** A tier beside its model, and all leases that were ever granted, used or not. */
class Walk {
  readonly #test: TierUnderTest;
  readonly #next: (bound: number) => number;
  readonly #model = new Map<string, ModelEntry>();
  readonly #granted: { readonly key: string; readonly version: number }[] = [];
  readonly #highest = new Map<string, number>();

  constructor(test: TierUnderTest, seed: number) {
    this.#test = test;
    this.#next = seededNumbers(seed);
  }

  async run(): Promise<void> {
    const kinds: readonly ((key: string, text: string) => Promise<void>)[] = [
      (key) => this.#ask(key, 0),
      (key) => this.#replace(key),
      (_, text) => this.#store(text),
      (_, text) => this.#store(text),
      (key, text) => this.#put(key, text),
      (key) => this.#invalidate(key),
      () => this.#release(),
      (key, text) => this.#end(key, text),
    ];
    for (let step = 0; step < stepCount; step += 1) {
      await kinds[this.#next(kinds.length)]?.(keys[this.#next(keys.length)] ?? '', `v${step}`);
      await this.#compare();
    }
  }

  async #replace(key: string): Promise<void> {
    // What is there, or what was there a moment ago.
    const { version = 0 } = this.#model.get(key) ?? {};
    await this.#ask(key, Math.max(0, version - this.#next(2)));
  }

  async #ask(key: string, replaces: number): Promise<void> {
    const entry = this.#model.get(key);
    const [answer] = await this.#tier.lease([{ key, replaces }], longMs);
    if (entry?.text !== undefined && entry.version > replaces) {
      assert.ok(answer?.kind === 'value');
      assert.equal(answer.record.version, entry.version);
    } else if (entry?.lease !== undefined) {
      assert.equal(answer?.kind, 'busy');
    } else {
      assert.ok(answer?.kind === 'leased');
      this.#rises(key, answer.version);
      this.#granted.push({ key, version: answer.version });
      const isReplacement = entry?.text !== undefined;
      this.#model.set(key, { version: isReplacement ? entry.version : answer.version, text: entry?.text, lease: answer.version });
    }
  }

  async #store(text: string): Promise<void> {
    const lease = this.#granted[this.#next(Math.max(1, this.#granted.length))];
    if (lease === undefined) return;
    const [stored] = await this.#tier.store([{ ...lease, bytes: bytesOf(text), ttlMs: longMs }]);
    const isHeld = this.#model.get(lease.key)?.lease === lease.version;
    assert.equal(stored, isHeld ? lease.version : undefined);
    if (isHeld) this.#model.set(lease.key, { version: lease.version, text, lease: undefined });
  }

  async #put(key: string, text: string): Promise<void> {
    const [version = 0] = await this.#tier.put([{ key, bytes: bytesOf(text), ttlMs: longMs }]);
    this.#rises(key, version);
    this.#model.set(key, { version, text, lease: undefined });
  }

  async #invalidate(key: string): Promise<void> {
    const [version = 0] = await this.#tier.invalidate([key], longMs);
    this.#rises(key, version);
    this.#model.set(key, { version, text: undefined, lease: undefined });
  }

  async #release(): Promise<void> {
    const lease = this.#granted[this.#next(Math.max(1, this.#granted.length))];
    if (lease === undefined) return;
    await this.#tier.release([lease]);
    const entry = this.#model.get(lease.key);
    if (entry?.lease !== lease.version) return;
    // Whether the version of a lease that was given back is still known is the tier's affair: so it is made known.
    if (entry.text === undefined) await this.#invalidate(lease.key);
    else entry.lease = undefined;
  }

  async #end(key: string, text: string): Promise<void> {
    const [version = 0] = await this.#tier.put([{ key, bytes: bytesOf(text), ttlMs: shortMs }]);
    this.#rises(key, version);
    this.#model.delete(key);
    await this.#test.pass(afterShortMs);
  }

  async #compare(): Promise<void> {
    const [records, versions] = [await this.#tier.read(keys), await this.#tier.versions(keys)];
    const entries = keys.map((key) => this.#model.get(key));
    assert.deepEqual(
      records.map((record) => record && `${new TextDecoder().decode(record.bytes)} at ${record.version}`),
      entries.map((entry) => (entry?.text === undefined ? undefined : `${entry.text} at ${entry.version}`)),
    );
    assert.deepEqual(
      versions,
      entries.map((entry) => entry?.version ?? 0),
    );
  }

  #rises(key: string, version: number): void {
    assert.ok(version > (this.#highest.get(key) ?? 0), `${version} of ${key} is not above ${this.#highest.get(key)}`);
    this.#highest.set(key, version);
  }

  get #tier(): Tier {
    return this.#next(2) === 0 ? this.#test.tier : this.#test.other;
  }
}

/** Writers and loaders at the same time over one row of a database, and a reader who must never see it go back. */
async function storm({ tier, other }: TierUnderTest, seed: number): Promise<void> {
  const next = seededNumbers(seed);
  let row = 0;
  const over = new AbortController();
  const pause = async (): Promise<void> => {
    for (let turns = next(4); turns > 0; turns -= 1) await turn();
  };
  const load = async (mine: Tier): Promise<void> => {
    while (!over.signal.aborted) {
      // Everything that is there may be replaced, so that leases are at work all the time.
      const [answer] = await mine.lease([{ key: 'k', replaces: Number.MAX_SAFE_INTEGER }], longMs);
      if (answer?.kind === 'leased') {
        const loaded = row;
        await pause();
        await mine.store([{ key: 'k', version: answer.version, bytes: bytesOf(`${loaded}`), ttlMs: longMs }]);
      }
      await pause();
    }
  };
  const write = async (): Promise<void> => {
    for (let writes = 0; writes < 60; writes += 1) {
      const written = (row += 1);
      await other.invalidate(['k']);
      const seen = Number((await textAt(tier, 'k')) ?? row);
      assert.ok(seen >= written, `seed ${seed}: read ${seen} after ${written} was written and the key invalidated`);
      await pause();
    }
  };
  await Promise.all([load(tier), load(other), load(tier), write().finally(() => over.abort())]);
}

/** Long runs at random, from fixed seeds. */
export const modelCases: Readonly<Record<string, TierCase>> = {
  ...Object.fromEntries(seeds.map((seed) => [`any run of calls does what the model does (seed ${seed})`, (test: TierUnderTest) => new Walk(test, seed).run()])),
  ...Object.fromEntries(
    seeds.map((seed) => [`no load that began before a write is ever read after it (seed ${seed})`, (test: TierUnderTest) => storm(test, seed)]),
  ),
};
