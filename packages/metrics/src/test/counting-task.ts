/** A task for a pool of threads: the registry of the thread is made with the first. */
import { Registry } from '../registry.ts';
import { shareThread } from '../threads.ts';

const registry = new Registry();
const counter = registry.counter({ name: 'work_total', help: 'x' }).labels({});
let isShared = false;

export default function count({ amount, channel }: { readonly amount: number; readonly channel: string }): void {
  if (!isShared) shareThread(registry, { channel });
  isShared = true;
  counter.add(amount);
}
