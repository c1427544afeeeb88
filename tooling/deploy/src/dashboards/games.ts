import type { Board } from '../panel.ts';
import { ofGame, quantile, rate } from '../panel.ts';

/** What the games do and live on. */
export const games: Board = {
  uid: 'midgard-games',
  title: 'Midgard / Games and business',
  description: 'Players, orders, revenue and ledgers of each game.',
  rows: [
    {
      title: 'Players',
      panels: [
        {
          title: 'Active players',
          description:
            'Distinct players of the last five minutes and of the last 24 hours, estimated: the standard error is 1.6 %. Each instance counts its own.',
          unit: 'short',
          queries: [
            { expr: `max by (game) (midgard_active_players{instance=~"$instance",${ofGame}})`, legend: '{{game}}, five minutes' },
            { expr: `max by (game) (midgard_daily_active_players{instance=~"$instance",${ofGame}})`, legend: '{{game}}, 24 hours' },
          ],
        },
        {
          title: 'Requests',
          description: 'By game.',
          unit: 'reqps',
          queries: [{ expr: rate('midgard_requests_total', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'P99',
          description: 'By game.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'midgard_request_duration_seconds', ['game'], ofGame), legend: '{{game}}' }],
        },
        {
          title: 'Log-ins',
          description: 'By the code of their answer.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_requests_total', ['game', 'code'], `operation="auth.login",${ofGame}`), legend: '{{game}} {{code}}' }],
        },
      ],
    },
    {
      title: 'Orders',
      panels: [
        {
          title: 'Orders by state',
          description: 'Orders that came to a state. Paid and never delivered: look at the after hooks.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_orders_total', ['game', 'state'], ofGame), legend: '{{game}} {{state}}' }],
        },
        {
          title: 'Revenue',
          description: 'Amounts of orders that were paid, a second, in the smallest unit of their currency.',
          unit: 'short',
          queries: [{ expr: rate('midgard_revenue_total', ['game', 'currency'], ofGame), legend: '{{game}} {{currency}}' }],
        },
        {
          title: 'Refunds',
          description: 'Amounts that were given back, a second.',
          unit: 'short',
          queries: [{ expr: rate('midgard_refunds_total', ['game', 'currency'], ofGame), legend: '{{game}} {{currency}}' }],
        },
      ],
    },
    {
      title: 'Ledgers',
      panels: [
        {
          title: 'Imbalance',
          description: 'Rules that do not hold; anything but 0 is an incident.',
          unit: 'none',
          queries: [{ expr: `max by (game) (midgard_ledger_imbalance{instance=~"$instance",${ofGame}})`, legend: '{{game}}' }],
        },
        {
          title: 'Looked at',
          description: 'How long ago.',
          unit: 's',
          queries: [{ expr: `time() - max by (game) (midgard_ledger_checked_timestamp_seconds{instance=~"$instance",${ofGame}})`, legend: '{{game}}' }],
        },
      ],
    },
  ],
};
