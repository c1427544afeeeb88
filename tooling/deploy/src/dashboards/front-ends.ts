import type { Board } from '../panel.ts';
import { everywhere, ofGame, quantile, rate, total } from '../panel.ts';

/** TCP and HTTP: rate, errors, duration, and what goes over the wire. */
export const frontEnds: Board = {
  uid: 'midgard-front-ends',
  title: 'Midgard / Front ends',
  description: 'Who is connected, what they send, and how fast they are answered.',
  rows: [
    {
      title: 'Connections',
      panels: [
        {
          title: 'Open',
          description: 'By front end.',
          unit: 'short',
          queries: [{ expr: total('midgard_connections', ['transport']), legend: '{{transport}}' }],
        },
        {
          title: 'Sessions over TCP',
          description: 'By the kind of who speaks.',
          unit: 'short',
          queries: [{ expr: total('midgard_clients', ['kind']), legend: '{{kind}}' }],
        },
        {
          title: 'Hellos',
          description: 'By the code that they were answered with, 0 for welcome. Many 3003: somebody guesses keys.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_handshakes_total', ['code']), legend: '{{code}}' }],
        },
        {
          title: 'Closed for an error',
          description: '1003: bytes that are no frames; 1007: answers are read too slowly; 1009: too large.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_connection_failures_total', ['code']), legend: '{{code}}' }],
        },
        {
          title: 'Answers nobody took',
          description: 'Their callers had gone: they wait less long than we work, or crash.',
          unit: 'ops',
          queries: [{ expr: rate('midgard_dropped_answers_total', ['transport']), legend: '{{transport}}' }],
        },
        {
          title: 'Running requests',
          description: 'Saturation: it rises when what is behind is slow.',
          unit: 'short',
          queries: [{ expr: total('midgard_requests_running', ['transport']), legend: '{{transport}}' }],
        },
      ],
    },
    {
      title: 'Traffic',
      panels: [
        {
          title: 'Bytes in',
          description: 'By front end.',
          unit: 'Bps',
          queries: [{ expr: rate('midgard_received_bytes_total', ['transport']), legend: '{{transport}}' }],
        },
        {
          title: 'Bytes out',
          description: 'By front end.',
          unit: 'Bps',
          queries: [{ expr: rate('midgard_sent_bytes_total', ['transport']), legend: '{{transport}}' }],
        },
        {
          title: 'Messages',
          description: 'Frames over TCP, requests and answers over HTTP.',
          unit: 'ops',
          queries: [
            { expr: rate('midgard_received_messages_total', ['transport']), legend: 'in, {{transport}}' },
            { expr: rate('midgard_sent_messages_total', ['transport']), legend: 'out, {{transport}}' },
          ],
        },
        {
          title: 'Messages a batch',
          description: 'Over TCP: frames that arrive in one read, or leave in one write. More is cheaper.',
          unit: 'short',
          queries: [
            {
              expr: `${rate('midgard_received_messages_total', [], 'transport="tcp"')} / ${rate('midgard_read_seconds_count', [], 'transport="tcp"')}`,
              legend: 'in',
            },
            {
              expr: `${rate('midgard_sent_messages_total', [], 'transport="tcp"')} / ${rate('midgard_write_seconds_count', [], 'transport="tcp"')}`,
              legend: 'out',
            },
          ],
        },
        {
          title: 'Time to read and write',
          description: 'P99 of a batch over TCP, of a request over HTTP.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'midgard_read_seconds', ['transport']), legend: 'read {{transport}}' },
            { expr: quantile(0.99, 'midgard_write_seconds', ['transport']), legend: 'write {{transport}}' },
          ],
        },
        {
          title: 'Decode and encode',
          description: 'P99 by front end.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'midgard_request_stage_seconds', ['transport', 'stage'], 'stage=~"decode|encode"'), legend: '{{stage}} {{transport}}' },
          ],
        },
      ],
    },
    {
      title: 'Operations',
      panels: [
        {
          title: 'Rate',
          description: 'The twenty most frequent.',
          unit: 'reqps',
          queries: [{ expr: `topk(20, ${rate('midgard_requests_total', ['game', 'operation'], ofGame)})`, legend: '{{game}} {{operation}}' }],
        },
        {
          title: 'Rejected and failed',
          description: 'By operation and code.',
          unit: 'reqps',
          queries: [
            {
              expr: `topk(20, ${rate('midgard_requests_total', ['game', 'operation', 'code'], `code!="0",${ofGame}`)})`,
              legend: '{{game}} {{operation}} {{code}}',
            },
          ],
        },
        {
          title: 'P99',
          description: 'By operation.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'midgard_request_duration_seconds', ['operation'], ofGame), legend: '{{operation}}' }],
        },
      ],
    },
    {
      title: 'HTTP',
      panels: [
        {
          title: 'Answers by status',
          description: 'Probes and pages included.',
          unit: 'reqps',
          queries: [{ expr: rate('midgard_http_answers_total', ['status']), legend: '{{status}}' }],
        },
        {
          title: 'Answers by method',
          description: 'What is none of the usual methods is `other`.',
          unit: 'reqps',
          queries: [{ expr: rate('midgard_http_answers_total', ['method']), legend: '{{method}}' }],
        },
        {
          title: 'Time to the last byte',
          description: 'It includes how fast the client reads.',
          unit: 's',
          queries: [0.5, 0.99].map((share) => ({
            expr: `histogram_quantile(${share}, sum by (le) (rate(midgard_http_answer_seconds_bucket{${everywhere()}}[$__rate_interval])))`,
            legend: `P${share * 100}`,
          })),
        },
      ],
    },
  ],
};
