export { QueueError, type QueueErrorCode } from './errors.ts';
export { PriorityQueue } from './priority-queue.ts';
export { TimingWheel, type TimingWheelOptions } from './timing-wheel/timing-wheel.ts';
export type { Clock, Timer, Timers } from './timers.ts';
