/** What runs in the threads of `background.ts`. */
import { argon2Sync, type Argon2Parameters } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

giveWay();

/** @returns the tag, as plain bytes: a Buffer does not go from thread to thread */
export default function derive(parameters: Argon2Parameters): Uint8Array {
  return new Uint8Array(argon2Sync('argon2id', parameters));
}

/** Gives this thread the least of the processors' time, and none that another one wants. Where it cannot be done (not Linux) it has its share. */
function giveWay(): void {
  try {
    // Threads have numbers of their own there, by which setpriority(2) takes them; a call that does not wait is made by this thread.
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, constants.priority.PRIORITY_LOW);
  } catch {
    // As it was.
  }
}
