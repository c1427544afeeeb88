// A way in of its own: bullmq and ioredis take 50 MB and a third of a second, which who wants a log or a wheel need not pay.
export { RedisQueue, type RedisQueueOptions } from './redis-queue.ts';
export type { Allowances } from './server-check.ts';
