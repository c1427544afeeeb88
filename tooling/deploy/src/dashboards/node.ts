import type { Board } from '../panel.ts';
import { mean, quantile, rate, total } from '../panel.ts';

const of = 'instance=~"$instance"';

/** The process: loop, heap, garbage, handles. */
export const node: Board = {
  uid: 'midgard-node',
  title: 'Midgard / Node',
  description: 'What the JavaScript runtime does: event loop, memory, garbage collection, handles, logs.',
  rows: [
    {
      title: 'Event loop',
      panels: [
        {
          title: 'Lag',
          description: 'How late the loop is.',
          unit: 's',
          queries: [
            { expr: `max by (instance) (nodejs_eventloop_lag_p50_seconds{${of}})`, legend: 'P50 {{instance}}' },
            { expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds{${of}})`, legend: 'P99 {{instance}}' },
          ],
        },
        {
          title: 'Utilisation',
          description: 'Near 1: the instance is at its limit.',
          unit: 'percentunit',
          queries: [{ expr: `max by (instance) (nodejs_eventloop_utilization{${of}})`, legend: '{{instance}}' }],
        },
        {
          title: 'CPU',
          description: 'Cores, in user mode and in the kernel.',
          unit: 'short',
          queries: [
            { expr: rate('process_cpu_user_seconds_total', ['instance']), legend: 'user {{instance}}' },
            { expr: rate('process_cpu_system_seconds_total', ['instance']), legend: 'kernel {{instance}}' },
          ],
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Process',
          description: 'In RAM, and what of it is heap and buffers.',
          unit: 'bytes',
          queries: [
            { expr: total('process_resident_memory_bytes', ['instance']), legend: 'RAM {{instance}}' },
            { expr: total('nodejs_heap_size_used_bytes', ['instance']), legend: 'heap {{instance}}' },
            { expr: total('nodejs_array_buffers_bytes', ['instance']), legend: 'buffers {{instance}}' },
          ],
        },
        {
          title: 'Heap spaces',
          description: 'In use.',
          unit: 'bytes',
          queries: [{ expr: total('nodejs_heap_space_size_used_bytes', ['space']), legend: '{{space}}' }],
        },
        {
          title: 'Heap against its limit',
          description: 'At 1 the process dies.',
          unit: 'percentunit',
          queries: [{ expr: `max by (instance) (nodejs_heap_size_used_bytes{${of}} / midgard_heap_limit_bytes{${of}})`, legend: '{{instance}}' }],
        },
        {
          title: 'Suspected leaks',
          description: '1: the level has grown and grown; a heap snapshot shows of what.',
          unit: 'none',
          queries: [
            {
              expr: `max by (resource) (midgard_leak_suspected{${of}})`,
              legend: '{{resource}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Garbage collection',
      panels: [
        {
          title: 'Collections',
          description: 'By kind.',
          unit: 'ops',
          queries: [{ expr: rate('nodejs_gc_duration_seconds_count', ['kind']), legend: '{{kind}}' }],
        },
        {
          title: 'Pauses',
          description: 'P99 by kind.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'nodejs_gc_duration_seconds', ['kind']), legend: '{{kind}}' }],
        },
        { title: 'Mean pause', description: 'By kind.', unit: 's', queries: [{ expr: mean('nodejs_gc_duration_seconds', ['kind']), legend: '{{kind}}' }] },
      ],
    },
    {
      title: 'Handles',
      panels: [
        {
          title: 'Active resources',
          description: 'Sockets, timers and others that keep the process alive.',
          unit: 'short',
          queries: [{ expr: total('nodejs_active_resources', ['type']), legend: '{{type}}' }],
        },
        {
          title: 'Passwords that wait',
          description: 'For a thread that hashes them. Many: log-ins take long.',
          unit: 'short',
          queries: [{ expr: total('midgard_password_waiting', ['instance']), legend: '{{instance}}' }],
        },
        {
          title: 'Open files',
          description: 'Against the limit of the system.',
          unit: 'short',
          queries: [{ expr: total('process_open_fds', ['instance']), legend: '{{instance}}' }],
        },
      ],
    },
  ],
};
