import { z } from 'zod';

const kibibyte = 1024;
const Milliseconds = z.int().min(1).max(86_400_000);

/** What is pushed to those who listen, over TCP and WebSocket. */
export const eventsSchema = z.strictObject({
  keep: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(4096)
    .describe('Latest events of each game that are kept for clients who were away or are slow; older ones are told of as a gap'),
  maxTopicsPerClient: z.int().min(1).max(10_000).default(256).describe('Most topics of one connection'),
  maxUnsentBytes: z
    .int()
    .min(kibibyte)
    .default(256 * kibibyte)
    .describe('Bytes that may wait in a connection before pushes to it wait'),
  slowConsumerMs: Milliseconds.default(30_000).describe('How long a client may take nothing of what is pushed before it is closed with 1007'),
  figuresEveryMs: Milliseconds.min(100).default(5000).describe('Time between two pushes of the topic metrics'),
});

/** The WebSocket front end, on the port of HTTP. */
export const webSocketSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Off: an upgrade is refused, and there are no tickets'),
  maxConnections: z.int().min(1).max(1_000_000).default(10_000).describe('Open WebSockets; one more is refused with 1005'),
  maxMessageBytes: z
    .int()
    .min(kibibyte)
    .max(64 * kibibyte * kibibyte)
    .default(64 * kibibyte)
    .describe('Largest message of a client; a larger one closes its connection'),
  maxInFlight: z.int().min(1).max(65_536).default(64).describe('Most unanswered requests of one connection; one more gets error 1006'),
  heartbeatMs: Milliseconds.default(30_000).describe('Silence after which a ping is sent; twice as much closes the connection'),
  maxUnsentBytes: z
    .int()
    .min(kibibyte)
    .default(kibibyte * kibibyte)
    .describe('Bytes that may wait for a slow reader before its requests are no longer read'),
  slowConsumerMs: Milliseconds.default(30_000).describe('Time that a slow reader has to catch up before it is closed'),
  ticketMs: Milliseconds.max(600_000).default(30_000).describe('How long a ticket is good'),
});
