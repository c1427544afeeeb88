/** A thread that pushes numbered messages, in one of the ways that a producer has. */
import { workerData } from 'node:worker_threads';
import { SharedRing } from '../index.ts';
import { maxMessageBytes, messageBytes, writeMessage } from './numbered-message.ts';

const { handle, producerId, count, way } = workerData;
const producer = SharedRing.attach(handle).producer({ id: producerId });
const scratch = new Uint8Array(maxMessageBytes);

function numbered(sequence: number): Uint8Array {
  const bytes = scratch.subarray(0, messageBytes(sequence));
  writeMessage(bytes, 0, bytes.length, producerId, sequence);
  return bytes;
}

function pushBlocking(): void {
  for (let sequence = 0; sequence < count; sequence += 1) producer.pushBlocking(numbered(sequence));
}

async function push(): Promise<void> {
  for (let sequence = 0; sequence < count; sequence += 1) {
    const bytes = numbered(sequence);
    if (!producer.tryPush(bytes)) await producer.push(bytes);
  }
}

/** Writes in place, byte by byte, so that most of its life is spent in the middle of a message. Ends by being terminated. */
function writeInPlace(): void {
  for (let sequence = 0; sequence < count;) {
    const isPushed = producer.tryWrite(messageBytes(sequence), (bytes, start, end) => writeMessage(bytes, start, end, producerId, sequence));
    if (isPushed) sequence += 1;
  }
}

if (way === 'push') await push();
else if (way === 'writeInPlace') writeInPlace();
else pushBlocking();
if (way !== 'writeInPlace') producer.close();
