export { QueueError, type QueueErrorCode } from './errors.ts';
export { PriorityQueue } from './priority-queue.ts';
