import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a file that only its owner can read, whole or not at all: a crash leaves the old one or none, never a half. */
export function writePrivately(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const half = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(half, text, { mode: 0o600, flush: true });
  renameSync(half, file);
}
