/**
 * A process that logs into files, for tests that end it. Arguments: folder, and what it does:
 *
 * - `flood`: says `first` on standard output when 1,000 lines are in their file, and logs on until it is killed
 * - `fatal`: logs 1,000 lines and a fatal one, and aborts
 * - `full`: logs lines of a kilobyte until 200 are dropped, and ends when it is told to on standard input; prints what it is told of its files
 */
import process from 'node:process';
import { createLogger, FileDestination } from '../index.ts';

const [, , folder = '', act] = process.argv;
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
let dropped = 0;
const files = new FileDestination({
  folder,
  prefix: 'test-0',
  report: (trouble) => {
    say(trouble);
    if (trouble.state === 'recovered') log.warn({ dropped: trouble.dropped }, 'recovered');
  },
  onDropped: (lines) => void (dropped += lines),
  ...(act === 'full' && { maxPending: 65_536 }),
  retryMs: 20,
});
const log = createLogger({ name: 'test', destination: files });

if (act === 'flood') {
  for (let n = 0; n < 1000; n += 1) log.info({ n }, 'first');
  files.flushSync();
  say({ state: 'first' });
  let n = 0;
  setInterval(() => {
    for (let more = 0; more < 50; more += 1) log.info({ n: (n += 1), text: 'x'.repeat(200) }, 'more');
  }, 0);
}

if (act === 'fatal') {
  for (let n = 0; n < 1000; n += 1) log.info({ n }, 'before');
  log.fatal({}, 'the end');
  process.abort();
}

if (act === 'full') {
  log.info({ n: 0 }, 'line');
  // The thread is up.
  files.flushSync();
  let logged = 1;
  const timer = setInterval(() => {
    // It falls silent, so that nothing but time brings a new attempt.
    if (dropped < 200) for (let more = 0; more < 5; more += 1) log.info({ n: logged++, text: 'x'.repeat(1000) }, 'line');
    // What a service does beside, and what must go on.
    say({ state: 'alive', dropped });
  }, 2);
  process.stdin.once('data', () => {
    clearInterval(timer);
    void files.close().then(() => {
      say({ state: 'ended', logged, dropped });
      process.exit();
    });
  });
}
