import type { LedgerReport } from '@midgard/game-kit';
import { createLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { expect, test } from 'vitest';
import { watchLedgers } from './ledger-watch.ts';

const sound: LedgerReport = { accounts: 1, entries: 2, orders: 0, violations: [] };
const broken: LedgerReport = { ...sound, violations: [{ rule: 'balance', subject: 'wallet:42/gold', message: 'holds 5, its entries sum to 4' }] };

function watched(ledgerReport: () => Promise<LedgerReport>, everyMs = 1000) {
  const registry = new Registry();
  const lines: string[] = [];
  const runs = new Set<() => void>();
  const timers = {
    every: (_ms: number, run: () => void) => {
      runs.add(run);
      return () => void runs.delete(run);
    },
  };
  const log = createLogger({ name: 'test', destination: { write: (line) => lines.push(line) } });
  const end = watchLedgers({ everyMs, games: new Map([['realm', { ledgerReport }]]), registry, log, timers, clock: { now: () => 5000 } });
  return { page: () => registry.expose(), lines, tick: () => runs.forEach((run) => run()), end };
}

test('the first look is at the start, and what does not balance is counted and logged until it does', async () => {
  let report = broken;
  const { page, lines, tick } = watched(async () => report);
  await expect.poll(page).toContain('midgard_ledger_imbalance{game="realm"} 1\n');
  expect(page()).toContain('midgard_ledger_checked_timestamp_seconds{game="realm"} 5\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 'error', game: 'realm', count: 1, violations: [{ subject: 'wallet:42/gold' }] }]);
  report = sound;
  tick();
  await expect.poll(page).toContain('midgard_ledger_imbalance{game="realm"} 0\n');
});

test('a look that fails is counted, tells of no imbalance, and the next one comes', async () => {
  let looks = 0;
  const { page, tick } = watched(async () => {
    looks += 1;
    return looks === 1 ? Promise.reject(new Error('away')) : sound;
  });
  await expect.poll(page).toContain('midgard_ledger_check_failures_total{game="realm"} 1\n');
  expect(page()).not.toContain('midgard_ledger_imbalance{');
  tick();
  await expect.poll(page).toContain('midgard_ledger_imbalance{game="realm"} 0\n');
});

test('no look begins while another goes on', async () => {
  let looks = 0;
  const { tick } = watched(() => {
    looks += 1;
    return new Promise(() => undefined);
  });
  tick();
  tick();
  expect(looks).toBe(1);
});

test('with a time of 0 nobody looks', () => {
  const { page } = watched(() => expect.unreachable(), 0);
  expect(page()).not.toContain('midgard_ledger');
});
