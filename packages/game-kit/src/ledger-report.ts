import type { Database, Entity, PageQuery, Row, Session } from '@midgard/dao';
import { item, itemEntry } from './entities/item.ts';
import { gameOrder } from './entities/order.ts';
import { wallet, walletEntry } from './entities/wallet.ts';
import { HOUSE } from './repositories/ledger.ts';

/** A rule of the ledgers that does not hold. */
export interface LedgerViolation {
  readonly rule: 'assetSum' | 'movementSum' | 'balance' | 'negativeBalance' | 'orderState' | 'transactionId';
  /** The account, asset, movement or order concerned. */
  readonly subject: string;
  readonly message: string;
}

/** What {@link GameRuntime.ledgerReport} found. */
export interface LedgerReport {
  /** Stacks and wallets looked at. */
  readonly accounts: number;
  readonly entries: number;
  readonly orders: number;
  /** Empty where all is well. */
  readonly violations: readonly LedgerViolation[];
}

const PAGE_ROWS = 1000;
/** A report may read millions of rows. */
const TIMEOUT_MS = 600_000;

interface Entry {
  readonly movementId: bigint;
  readonly accountId: bigint;
  readonly asset: string;
  readonly delta: bigint;
}

interface Account {
  readonly playerId: bigint;
  readonly asset: string;
  readonly balance: bigint;
}

/**
 * Proves in one snapshot that nothing appeared or vanished: the entries of each movement and of each asset sum to zero,
 * every balance is the sum of its entries and none is negative, every order is in a state that it can be in.
 *
 * Sums are added up here and not in SQL, which would overflow at 64 bits.
 */
export function ledgerReport(database: Database): Promise<LedgerReport> {
  return database.read(
    async (session) => {
      const items = new LedgerAudit('item');
      for await (const { itemType: asset, ...entry } of rowsOf(session, itemEntry)) items.addEntry({ ...entry, asset });
      for await (const { itemType: asset, playerId, quantity: balance } of rowsOf(session, item)) items.checkAccount({ asset, playerId, balance });
      const money = new LedgerAudit('wallet');
      for await (const { currency: asset, ...entry } of rowsOf(session, walletEntry)) money.addEntry({ ...entry, asset });
      for await (const { currency: asset, playerId, balance } of rowsOf(session, wallet)) money.checkAccount({ asset, playerId, balance });
      const orders = new OrderAudit();
      for await (const order of rowsOf(session, gameOrder)) orders.check(order);
      return {
        accounts: items.accounts + money.accounts,
        entries: items.entries + money.entries,
        orders: orders.orders,
        violations: [...items.finish(), ...money.finish(), ...orders.violations],
      };
    },
    { timeoutMs: TIMEOUT_MS },
  );
}

async function* rowsOf<E extends Entity>(session: Session, entity: E): AsyncGenerator<Row<E>> {
  let cursor: string | null = null;
  do {
    const query: PageQuery<E> = { limit: PAGE_ROWS, cursor };
    const { items, nextCursor } = await session.dao(entity).page(query);
    yield* items;
    cursor = nextCursor;
  } while (cursor !== null);
}

class LedgerAudit {
  readonly #kind: string;
  /** What entries say an account should hold; taken out when its row is seen. */
  readonly #byAccount = new Map<string, bigint>();
  readonly #byAsset = new Map<string, bigint>();
  /** Only movements that do not yet sum to zero: one at a time, as both entries are written together. */
  readonly #openMovements = new Map<bigint, bigint>();
  readonly #violations: LedgerViolation[] = [];
  accounts = 0;
  entries = 0;

  constructor(kind: string) {
    this.#kind = kind;
  }

  addEntry({ movementId, accountId, asset, delta }: Entry): void {
    this.entries += 1;
    add(this.#byAsset, asset, delta);
    add(this.#openMovements, movementId, delta);
    if (accountId !== HOUSE) add(this.#byAccount, accountName(accountId, asset), delta);
  }

  checkAccount({ playerId, asset, balance }: Account): void {
    this.accounts += 1;
    const name = accountName(playerId, asset);
    const sum = this.#byAccount.get(name) ?? 0n;
    this.#byAccount.delete(name);
    if (balance < 0n) this.#report('negativeBalance', name, `holds ${balance}`);
    if (balance !== sum) this.#report('balance', name, `holds ${balance}, its entries sum to ${sum}`);
  }

  finish(): readonly LedgerViolation[] {
    for (const [asset, sum] of this.#byAsset) this.#report('assetSum', asset, `all entries sum to ${sum}, not to 0`);
    for (const [movement, sum] of this.#openMovements) this.#report('movementSum', String(movement), `its entries sum to ${sum}, not to 0`);
    for (const [name, sum] of this.#byAccount) this.#report('balance', name, `has no row, its entries sum to ${sum}`);
    return this.#violations;
  }

  #report(rule: LedgerViolation['rule'], subject: string, message: string): void {
    this.#violations.push({ rule, subject: `${this.#kind}:${subject}`, message });
  }
}

class OrderAudit {
  readonly violations: LedgerViolation[] = [];
  readonly #payments = new Set<string>();
  orders = 0;

  check({ id, state, channel, transactionId, paidAt, deliveredAt, refundedAt }: Row<typeof gameOrder>): void {
    this.orders += 1;
    const subject = `game_order:${id}`;
    const marks = [paidAt !== null && transactionId !== null, deliveredAt !== null, refundedAt !== null].map(Number).join('');
    const expected = new Map([
      ['created', '000'],
      ['paid', '100'],
      ['delivered', '110'],
      ['refunded', '101'],
    ]).get(state);
    if (marks !== expected) this.violations.push({ rule: 'orderState', subject, message: `is ${state}, but paid/delivered/refunded are noted as ${marks}` });
    if (transactionId === null) return;
    const payment = `${channel}/${transactionId}`;
    if (this.#payments.has(payment)) this.violations.push({ rule: 'transactionId', subject, message: 'was paid with the transaction of another order' });
    this.#payments.add(payment);
  }
}

/** Keeps only sums that are not zero. */
function add<K>(sums: Map<K, bigint>, key: K, delta: bigint): void {
  const sum = (sums.get(key) ?? 0n) + delta;
  if (sum === 0n) sums.delete(key);
  else sums.set(key, sum);
}

function accountName(playerId: bigint, asset: string): string {
  return `${playerId}/${asset}`;
}
