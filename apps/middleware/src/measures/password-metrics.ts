import { passwordThreads } from '@midgard/auth';
import type { Registry } from '@midgard/metrics';

/** Shows with each reading of the metrics what the threads that hash passwords do: they give way to all others, so log-ins wait first. */
export function watchPasswordThreads(registry: Registry): void {
  const threads = registry.gauge({ name: 'midgard_password_threads', help: 'Threads that hash passwords; they end when there is nothing to do' }).labels({});
  const waiting = registry.gauge({ name: 'midgard_password_waiting', help: 'Passwords that wait for a thread to be hashed' }).labels({});
  registry.onCollect(() => {
    const now = passwordThreads();
    threads.set(now.threads);
    waiting.set(now.waiting);
  });
}
