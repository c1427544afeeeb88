/**
 * What a line costs the one who writes it, beside pino alone with its own redaction of five paths (which knows fixed depths only), in the same
 * run; where the line goes to costs nothing here. The medians count, which a busy machine moves less than the means; a ratio above 1 is better
 * for what is named first.
 */
import { against, fromMitata, print, record } from '@midgard/bench';
import { bench, run } from 'mitata';
import { pino, stdTimeFunctions } from 'pino';
import { createLogger, EntryLog, LogControl } from './index.ts';

let written = 0;
const destination = { write: (line: string): void => void (written += line.length) };
const control = new LogControl();
const log = createLogger({ name: 'midgard', control, destination });
const entries = new EntryLog({ name: 'midgard', control, destination });
const sampled = new EntryLog({ name: 'midgard', control: new LogControl({ successRate: 0 }), destination });
const peer = pino(
  {
    base: { name: 'midgard' },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['authorization', 'password', 'token', '*.password', '*.token'],
  },
  destination,
);

// As many different texts as a service sees: traces are all different, callers and addresses some hundreds.
const requests = Array.from({ length: 1024 }, (_, n) => ({
  transport: 'tcp',
  game: 'realm',
  operation: ['player.get', 'wallet.credit', 'item.list'][n % 3] ?? '',
  code: 0,
  durationMs: 0.1 + n / 1000,
  sentBytes: 200 + n,
  subject: `service:game-${n % 200}`,
  address: `10.0.${n % 4}.${n % 100}`,
  requestId: String(n),
  traceId: (n * 0x9e3779b1).toString(16).padStart(32, '0'),
}));
let at = 0;
const next = () => requests[(at = (at + 1) & 1023)] ?? expectsOne();
function expectsOne(): never {
  throw new RangeError('no request');
}

bench('request line', () => entries.request(next()));
bench('request line by pino with redact', () => peer.info(next(), 'request'));
bench('request that is not in the sample', () => sampled.request(next()));
bench('prose line of three fields', () => log.info({ game: 'realm', players: 3, region: 'eu' }, 'started'));
bench('prose line of three fields by pino with redact', () => peer.info({ game: 'realm', players: 3, region: 'eu' }, 'started'));
bench('debug that is off', () => log.debug({ game: 'realm', players: 3 }, 'started'));
bench('debug that is off by pino', () => peer.debug({ game: 'realm', players: 3 }, 'started'));

const measured = fromMitata(await run({ format: 'quiet' }));
const results = [
  against(measured, 'request line', 'request line by pino with redact'),
  against(measured, 'request that is not in the sample', 'request line by pino with redact'),
  against(measured, 'prose line of three fields', 'prose line of three fields by pino with redact'),
  against(measured, 'debug that is off', 'debug that is off by pino'),
];
print(results);
record('logging', results);
if (written === 0) throw new Error('nothing was written');
