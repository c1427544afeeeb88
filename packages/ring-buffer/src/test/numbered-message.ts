/*
 * Messages that tell by themselves what became of them: who sent it, the how-manieth it is, bytes that follow from both, and a
 * checksum over all. A lost, doubled or late one shows in the number, a torn or overwritten one in the checksum.
 */
const headBytes = 8;
const checksumBytes = 4;
const spread = 97;

/** Lengths vary, so that records begin and wrap at every place. */
export function messageBytes(sequence: number): number {
  return headBytes + checksumBytes + ((Math.imul(sequence, 2_654_435_761) >>> 16) % spread);
}

/** Longest of them. */
export const maxMessageBytes: number = headBytes + checksumBytes + spread - 1;

export function writeMessage(bytes: Uint8Array, start: number, end: number, producer: number, sequence: number): void {
  writeUint32(bytes, start, producer);
  writeUint32(bytes, start + 4, sequence);
  for (let at = start + headBytes; at < end - checksumBytes; at += 1) bytes[at] = sequence + at - start;
  writeUint32(bytes, end - checksumBytes, checksum(bytes, start, end - checksumBytes));
}

/** What came of each producer, and the first thing that was wrong. */
export class Ledger {
  readonly nextOf = new Map<number, number>();
  received = 0;
  fault: string | undefined;

  readonly read = (bytes: Uint8Array, start: number, end: number): void => {
    const producer = readUint32(bytes, start);
    const sequence = readUint32(bytes, start + 4);
    const next = this.nextOf.get(producer) ?? 0;
    this.received += 1;
    this.nextOf.set(producer, sequence + 1);
    if (this.fault !== undefined) return;
    if (readUint32(bytes, end - checksumBytes) !== checksum(bytes, start, end - checksumBytes)) this.fault = `torn: ${sequence} of ${producer}`;
    else if (end - start !== messageBytes(sequence)) this.fault = `${end - start} bytes: ${sequence} of ${producer}`;
    else if (sequence !== next) this.fault = `${sequence} of ${producer} where ${next} was due`;
  };
}

function checksum(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
