export { QueueError, type QueueErrorCode } from './errors.ts';
