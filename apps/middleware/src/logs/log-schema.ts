import { z } from 'zod';

/** What is logged, and where it goes. */
export const logSchema = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('The least urgent lines that are written; lines of requests and of the audit log do not depend on it. Taken up on SIGHUP'),
  requests: z
    .strictObject({
      successRate: z
        .number()
        .min(0)
        .max(1)
        .default(0.01)
        .describe('Share of the good requests that get a line, 0 to 1; refused, failed and slow ones always do. Taken up on SIGHUP'),
      slowMs: z
        .int()
        .min(1)
        .max(86_400_000)
        .default(1000)
        .describe('From how many milliseconds on a request is slow and gets a second line, with the time of each stage. Taken up on SIGHUP'),
    })
    .prefault({}),
  files: z
    .strictObject({
      dir: z.string().min(1).optional().describe('Folder of log files, one for each stream; without it lines go to standard output'),
      maxMb: z.int().min(1).max(10_240).default(100).describe('A file of so many megabytes is followed by the next; a new day has a new one too'),
      days: z.int().min(1).max(3650).default(7).describe('Files of more days ago are removed'),
      maxFiles: z.int().min(2).max(10_000).default(50).describe('Most files of each stream; the oldest go first'),
    })
    .prefault({}),
});
