import type { TierRecord } from '../tier/tier.ts';

/*
 * What one key holds, as scripts.ts writes it: everything about a key is in one string, so that every change of it is atomic on
 * any server, also in a cluster.
 *
 *   0  kind         'V': a value, 'N': none, but a version, which may be leased
 *   1  epoch        of the server that took it: see server-epoch.ts. A record of another epoch is not believed
 *   9  version      of the value, or of the lease or invalidation
 *  17  leaseVersion of the last lease
 *  25  leaseEnd     milliseconds; past or 0: none is held
 *  33  valueEnd     milliseconds; 0: the value ends with the key. Else a lease outlasts the value, and the key lives on for it
 *  41  the bytes of the value
 *
 * Numbers are unsigned, 64 bits, big endian.
 */

/** Bytes before the value. */
export const headerBytes = 41;
const kindOfValue = 0x56;
const at = { epoch: 1, version: 9, valueEnd: 33 } as const;
const highWord = 2 ** 32;

/** What a record says to who just reads: a value, the version only, nothing, or that the server's clock has to be asked. */
export type RecordKind = 'value' | 'version' | 'nothing' | 'unsure';

/** @param record the whole string of a key, or its header */
export function kindOf(record: Buffer, epoch: string): RecordKind {
  if (record.length < headerBytes || record.toString('latin1', at.epoch, at.version) !== epoch) return 'nothing';
  if (record[0] !== kindOfValue) return 'version';
  return numberAt(record, at.valueEnd) === 0 ? 'value' : 'unsure';
}

/** The version of a record that is not `nothing`. */
export function versionOf(record: Buffer): number {
  return numberAt(record, at.version);
}

/** The value of a record of kind `value`, or of one that a script said is one. */
export function valueOf(record: Buffer): TierRecord {
  const bytes = record.subarray(headerBytes);
  // A small view would keep a whole buffer of the network alive for as long as the value is.
  const isMostOfItsBuffer = 2 * bytes.length >= bytes.buffer.byteLength;
  return { version: versionOf(record), bytes: isMostOfItsBuffer ? bytes : new Uint8Array(bytes) };
}

function numberAt(record: Buffer, offset: number): number {
  return record.readUInt32BE(offset) * highWord + record.readUInt32BE(offset + 4);
}
