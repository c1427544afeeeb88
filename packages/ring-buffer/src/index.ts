export { RingBufferError, type RingBufferErrorCode } from './errors.ts';
export { RingBuffer, type RingBufferOptions, type RingItem } from './ring-buffer.ts';
export { ByteRing, type ByteRingOptions } from './byte-ring.ts';
export { SharedRing, type SharedRingHandle, type SharedRingOptions, type SharedRingUsage } from './shared-ring/shared-ring.ts';
export type { MessageWriter, RingProducer, RingProducerOptions } from './shared-ring/ring-producer.ts';
export type { MessageReader, RingConsumer } from './shared-ring/ring-consumer.ts';
export type { ThreadWaits } from './shared-ring/thread-waits.ts';
