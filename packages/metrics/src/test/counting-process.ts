/** A process that counts what it is told to. */
import process from 'node:process';
import { answerMetrics } from '../processes.ts';
import { Registry } from '../registry.ts';

const registry = new Registry();
const answers = answerMetrics(registry, process);
const counter = registry.counter({ name: 'work_total', help: 'x', labels: ['kind'] });
const players = registry.distinct({ name: 'players', help: 'x' }).labels({});
const open = registry.gauge({ name: 'open', help: 'x' }).labels({});
open.set(1);
process.on('message', (order: { readonly count?: number; readonly hang?: true; readonly end?: true }) => {
  if (order.hang === true) answers.stop();
  if (order.count !== undefined) {
    for (let n = 0; n < order.count; n += 1) {
      counter.labels({ kind: String(n % 2) }).add();
      players.add(n);
    }
    process.send?.('counted');
  }
  if (order.end === true) void answers.tell().then(() => process.disconnect());
});
