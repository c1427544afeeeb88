export { RingBufferError, type RingBufferErrorCode } from './errors.ts';
