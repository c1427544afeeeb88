/**
 * `node --import` this file, and nothing is left to chance: the clock stands at the milliseconds in the file of `MIDGARD_TEST_CLOCK`, and
 * random bytes and UUIDs count. So two runs of one session give the same ids, times and tokens, whatever database is below.
 */
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

const clockFile = process.env['MIDGARD_TEST_CLOCK'] ?? '';
const now = (): number => Number(readFileSync(clockFile, 'utf8'));

const RealDate = Date;
// A class of its own: whoever asks for the time by `new Date()` shall get the same as by `Date.now()`.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, caller) => Reflect.construct(target, values.length === 0 ? [now()] : values, caller),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});

/** By size: a driver that asks for others shall not move those of the service. */
const drawn = new Map<number, number>();

function countedBytes(size: number): Buffer {
  const count = (drawn.get(size) ?? 0) + 1;
  drawn.set(size, count);
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(count, Math.max(0, size - 4), Math.min(4, size));
  return bytes;
}

let uuids = 0;
Object.assign(crypto, {
  randomBytes: (size: number, callback?: (error: null, bytes: Buffer) => void): Buffer => {
    const bytes = countedBytes(size);
    if (callback !== undefined) queueMicrotask(() => callback(null, bytes));
    return bytes;
  },
  randomUUID: (): string => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
});
syncBuiltinESMExports();
