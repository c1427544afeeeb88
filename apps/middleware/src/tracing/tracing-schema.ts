import { z } from 'zod';

/** Which requests are followed, and where their spans go. */
export const tracingSchema = z.strictObject({
  enabled: z.boolean().default(false).describe('Send spans of requests to an OpenTelemetry collector'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .default('http://127.0.0.1:4318/v1/traces')
    .describe('Receiver of OTLP over HTTP, with its path'),
  headers: z
    .record(z.string().regex(/^[\w-]{1,64}$/, 'the name of a header'), z.string().min(1).max(8192))
    .default({})
    .describe('Sent with every export, such as the key of whoever keeps the traces: secrets'),
  serviceName: z.string().min(1).max(255).default('midgard').describe('service.name of the spans'),
  sampleRatio: z.number().min(0).max(1).default(0.01).describe('Share of the requests that are followed, chosen by the trace id'),
  trustCallers: z
    .boolean()
    .default(false)
    .describe('Continue the trace of a caller and follow what it follows; false begins a trace of its own with a link to it, as is safe where strangers call'),
  slowMs: z.int().min(0).max(86_400_000).default(1000).describe('Requests that take longer are told of whether they were chosen or not; 0: none'),
  maxUnsampledPerSecond: z
    .int()
    .min(0)
    .max(100_000)
    .default(100)
    .describe('Most requests a second that are told of without having been chosen, because they failed (codes 1000 to 1999) or were slow'),
  maxQueue: z
    .int()
    .min(256)
    .max(1_000_000)
    .default(8192)
    .describe('Most spans that wait for the collector or are on their way; further ones are dropped and counted'),
  timeoutMs: z.int().min(1).max(600_000).default(10_000).describe('Time for one export with its repetitions; then its spans are dropped and counted'),
});
