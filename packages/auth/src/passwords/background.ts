import type { Argon2Parameters } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Tinypool } from 'tinypool';
import { AuthError } from '../errors.ts';

/** Memory and time are bounded by it: 19 MiB and some 20 ms each. */
const MOST_THREADS = 4;

/** Waiting for a thread; at 40 a second and thread the last one waits for some 6 s, by when its caller has mostly given up. */
const MOST_WAITING = 256;

const thread = new URL(import.meta.url.endsWith('.ts') ? './background-thread.ts' : './background-thread.js', import.meta.url).href;

let threads: Tinypool | undefined;

/**
 * Runs argon2id (RFC 9106) in threads that give way to all others, so that those who do not log in feel nothing of those who do. Not in
 * libuv's threads, whose turn also reads and writes of files wait for.
 *
 * @throws {AuthError} `ERR_AUTH_OVERLOADED`: too many are waiting
 */
export async function deriveInBackground(parameters: Argon2Parameters): Promise<Buffer> {
  // The first one starts them: most who import this library never hash a password.
  threads ??= new Tinypool({
    filename: thread,
    runtime: 'worker_threads',
    minThreads: 0,
    maxThreads: Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1)),
    concurrentTasksPerWorker: 1,
    idleTimeout: 60_000,
  });
  if (threads.queueSize >= MOST_WAITING) throw new AuthError('ERR_AUTH_OVERLOADED', 'too many log in at once');
  const derived: Uint8Array = await threads.run(parameters);
  return Buffer.from(derived.buffer, derived.byteOffset, derived.byteLength);
}

/** What the threads that hash passwords do. */
export interface PasswordThreads {
  /** Those that are there; they end when they have nothing to do. */
  readonly threads: number;
  /** Passwords that wait for one. */
  readonly waiting: number;
}

/** What the threads that hash passwords do now: many waiting means that log-ins take long. O(1). */
export function passwordThreads(): PasswordThreads {
  return { threads: threads?.threads.length ?? 0, waiting: threads?.queueSize ?? 0 };
}
