/** What the benchmark has real threads do. */
import { scryptSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { moved } from '../moved.ts';

export function nothing(input: number): number {
  return input;
}

export function hash(password: string): Uint8Array {
  return scryptSync(password, 'salt', 32);
}

export function compress(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes);
}

export function giveBack({ buffer, isMoved }: { readonly buffer: Uint8Array; readonly isMoved: boolean }): Uint8Array {
  return isMoved && buffer.buffer instanceof ArrayBuffer ? moved(buffer, [buffer.buffer]) : buffer;
}
