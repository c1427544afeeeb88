import type { Board } from '../panel.ts';
import { mean, ofGame, quantile, rate, total } from '../panel.ts';

/** Is all well? The first page to look at. */
export const overview: Board = {
  uid: 'midgard-overview',
  title: 'Midgard / Overview',
  description: 'Whether players are served: rate, errors and time of requests, and what is about to run out.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Instances up',
          description: 'Instances that Prometheus can scrape.',
          unit: 'short',
          kind: 'number',
          queries: [{ expr: 'sum(up{job="midgard"})', legend: 'up' }],
        },
        {
          title: 'Requests',
          description: 'Over all front ends and games.',
          unit: 'reqps',
          kind: 'number',
          queries: [{ expr: rate('midgard_requests_total', []), legend: 'requests' }],
        },
        {
          title: 'Failed',
          description: 'Share of requests that failed by a fault of ours (codes 1000, 1001, 1002, 1004, 1005). The goal is 0 at the rated load.',
          unit: 'percentunit',
          kind: 'number',
          queries: [
            { expr: `(${rate('midgard_requests_total', [], 'code=~"100[01245]"')} or vector(0)) / ${rate('midgard_requests_total', [])}`, legend: 'failed' },
          ],
        },
        {
          title: 'P99',
          description: '99 of 100 requests are answered within this. The goal is 10 ms for cached reads and 50 ms where the database is asked.',
          unit: 's',
          kind: 'number',
          queries: [{ expr: quantile(0.99, 'midgard_request_duration_seconds', []), legend: 'P99' }],
        },
        {
          title: 'Connections',
          description: 'Open ones, over both front ends.',
          unit: 'short',
          kind: 'number',
          queries: [{ expr: total('midgard_connections', []), legend: 'connections' }],
        },
        {
          title: 'Ledger imbalance',
          description: 'Anything but 0: money or items appeared or vanished. `midgard doctor --ledger` names them.',
          unit: 'none',
          kind: 'number',
          queries: [{ expr: total('midgard_ledger_imbalance', []), legend: 'violations' }],
        },
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          title: 'Rate by front end',
          description: 'Finished requests.',
          unit: 'reqps',
          queries: [{ expr: rate('midgard_requests_total', ['transport']), legend: '{{transport}}' }],
        },
        {
          title: 'Rate by game',
          description: '`midgard` is the service itself, `unknown` what names no game.',
          unit: 'reqps',
          queries: [{ expr: rate('midgard_requests_total', ['game']), legend: '{{game}}' }],
        },
        {
          title: 'Errors by code',
          description: 'Below 2000: a fault of ours; from 2000 on: of the caller. The protocol page has the table.',
          unit: 'reqps',
          queries: [{ expr: rate('midgard_requests_total', ['code'], 'code!="0"'), legend: '{{code}}' }],
        },
        {
          title: 'Time by front end',
          description: 'From the first byte to the encoded answer.',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'midgard_request_duration_seconds', ['transport']), legend: 'P50 {{transport}}' },
            { expr: quantile(0.99, 'midgard_request_duration_seconds', ['transport']), legend: 'P99 {{transport}}' },
          ],
        },
        {
          title: 'Where the time goes',
          description: 'Mean time of each stage; database and cache are within handler.',
          unit: 's',
          queries: [{ expr: mean('midgard_request_stage_seconds', ['stage']), legend: '{{stage}}' }],
        },
        {
          title: 'Slowest operations',
          description: 'P99 of the ten slowest.',
          unit: 's',
          queries: [
            { expr: `topk(10, ${quantile(0.99, 'midgard_request_duration_seconds', ['game', 'operation'], ofGame)})`, legend: '{{game}} {{operation}}' },
          ],
        },
      ],
    },
    {
      title: 'What may run out',
      panels: [
        {
          title: 'CPU',
          description: 'Cores in use. One instance uses little more than one.',
          unit: 'short',
          queries: [{ expr: rate('process_cpu_seconds_total', ['instance']), legend: '{{instance}}' }],
        },
        {
          title: 'Memory',
          description: 'In RAM.',
          unit: 'bytes',
          queries: [{ expr: total('process_resident_memory_bytes', ['instance']), legend: '{{instance}}' }],
        },
        {
          title: 'Event loop',
          description: 'How late it is, at worst. Above 100 ms everybody waits: `profiling.blockedMs` names the culprit.',
          unit: 's',
          queries: [{ expr: 'max by (instance) (nodejs_eventloop_lag_max_seconds{instance=~"$instance"})', legend: '{{instance}}' }],
        },
      ],
    },
  ],
};
