import { id, int64, version } from '../../column.ts';
import type { Database } from '../../database.ts';
import { defineEntity } from '../../entity.ts';

/** One for each client; `total` counts its entries. */
export const account = defineEntity('account', { columns: { id: id(), total: int64(), version: version() }, key: ['id'] });

/** Written together with its account. */
export const entry = defineEntity('entry', { columns: { id: id(), account: id() }, key: ['id'], indexes: [{ on: ['account'] }] });

/** No client writes more entries than lie between the first ones of two accounts. */
const entriesOfAccount = 1_000_000n;

/** What the database has of what the books say. */
export interface Audit {
  /** Acknowledged, and not there. */
  readonly lost: readonly bigint[];
  /** Refused for certain, and there all the same. */
  readonly uninvited: readonly bigint[];
  /** Accounts whose total is not the number of their entries, and both numbers: something was done by half or twice. */
  readonly uneven: readonly string[];
  /** Of those whose outcome the caller was not told: how many are there. */
  readonly openAndThere: number;
}

/** @returns id of the first entry of an account */
export function firstEntryOf(accountId: bigint): bigint {
  return accountId * entriesOfAccount;
}

/** What writers were told of each entry, to be held against the rows. */
export class Books {
  readonly acknowledged = new Set<bigint>();
  /** Told that nobody knows: there or not, but whole. */
  readonly open = new Set<bigint>();
  /** Told that nothing was written. */
  readonly refused = new Set<bigint>();
  readonly #byAccount = new Map<bigint, number>();

  acknowledge(entryId: bigint, accountId: bigint): void {
    this.acknowledged.add(entryId);
    this.#byAccount.set(accountId, this.acknowledgedOf(accountId) + 1);
  }

  /** @param code what the writer was told: of all codes one alone leaves the outcome open */
  fail(entryId: bigint, code: string): void {
    (code === 'ERR_DAO_UNAVAILABLE' ? this.open : this.refused).add(entryId);
  }

  /** Reads are not expected to see these any more: the server that had acknowledged them is gone. That they come back is for the audit. */
  writeOff(entryIds: Iterable<bigint>): void {
    for (const entryId of entryIds) {
      const accountId = entryId / entriesOfAccount;
      this.#byAccount.set(accountId, this.acknowledgedOf(accountId) - 1);
    }
  }

  /** @returns how many entries of an account were acknowledged so far */
  acknowledgedOf(accountId: bigint): number {
    return this.#byAccount.get(accountId) ?? 0;
  }

  /** Holds the rows against the books. O(rows). */
  async audit(database: Database): Promise<Audit> {
    const { accounts, entries } = await rowsOf(database);
    const there = new Set(entries.map((row) => row.id));
    const counts = new Map<bigint, bigint>();
    for (const row of entries) counts.set(row.account, (counts.get(row.account) ?? 0n) + 1n);
    return {
      lost: [...this.acknowledged].filter((entryId) => !there.has(entryId)),
      uninvited: [...this.refused].filter((entryId) => there.has(entryId)),
      uneven: accounts
        .filter(({ id: accountId, total }) => total !== (counts.get(accountId) ?? 0n))
        .map(({ id: accountId, total }) => `${accountId}: ${total} of ${counts.get(accountId)}, ${this.acknowledgedOf(accountId)} acknowledged`),
      openAndThere: [...this.open].filter((entryId) => there.has(entryId)).length,
    };
  }
}

type Rows = {
  readonly accounts: readonly { readonly id: bigint; readonly total: bigint }[];
  readonly entries: readonly { readonly id: bigint; readonly account: bigint }[];
};

/** From one snapshot, page by page. */
function rowsOf(database: Database): Promise<Rows> {
  return database.read(
    async (session) => {
      const accounts = await session.dao(account).find();
      const entries: { id: bigint; account: bigint }[] = [];
      let cursor: string | null = null;
      do {
        const page: { readonly items: readonly { id: bigint; account: bigint }[]; readonly nextCursor: string | null } = await session
          .dao(entry)
          .page({ limit: 1000, cursor });
        entries.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return { accounts, entries };
    },
    { timeoutMs: 60_000 },
  );
}
