export { QueueError, type QueueErrorCode } from './errors.ts';
export { DurableLog, type DurableLogFigures, type DurableLogListener, type DurableLogOptions } from './durable-log/durable-log.ts';
export type { LogBounds } from './durable-log/log-bounds.ts';
export type { LogFile, LogFiles } from './durable-log/log-files.ts';
export type { LogRecord, RecordFault } from './durable-log/record.ts';
export type { LogCut } from './durable-log/recover.ts';
export { PriorityQueue } from './priority-queue.ts';
export { LocalQueue, type LocalQueueOptions } from './local-queue.ts';
export type {
  AddOptions,
  Backoff,
  DeadLetter,
  Job,
  JobHandler,
  ProcessOptions,
  Queue,
  QueueCounts,
  QueueListener,
  QueueOptions,
  UnfinishedJob,
} from './queue.ts';
export { TimingWheel, type TimingWheelOptions } from './timing-wheel/timing-wheel.ts';
export type { Clock, Timer, Timers } from './timers.ts';
export { Scheduler, type ScheduledJob, type SchedulerOptions } from './scheduler/scheduler.ts';
export type { CronOptions, ScheduledRun, ScheduledTask, ScheduleOptions } from './scheduler/schedule-options.ts';
export type { SchedulerListener } from './scheduler/scheduler-listener.ts';
export { Batcher } from './batcher/batcher.ts';
export type { BatcherListener, BatcherOptions, BatchHandler, BatchResult, FlushedBatch } from './batcher/batcher-options.ts';
