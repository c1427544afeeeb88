/**
 * A process that logs on standard output, for tests of what it leaves unsaid. Argument:
 *
 * - `exit`, `throw`: 20,000 lines, and ends in that way
 * - `alone`: a line, and twenty more once standard input has ended; then it exits with 7
 */
import process from 'node:process';
import { createLogger, standardError, StandardOutput } from '../index.ts';

const tellOf = createLogger({ name: 'trouble', destination: standardError() });
const log = createLogger({ name: 'test', destination: new StandardOutput({ report: (trouble) => tellOf.error(trouble, 'trouble') }) });
const [, , act] = process.argv;

if (act === 'alone') {
  log.info({}, 'here');
  process.stdin.resume().once('end', () => {
    let n = 0;
    const timer = setInterval(() => {
      log.info({ n: (n += 1) }, 'line');
      if (n < 20) return;
      clearInterval(timer);
      process.exit(7);
    }, 1);
  });
} else {
  for (let n = 0; n < 20_000; n += 1) log.info({ n }, 'line');
  if (act === 'exit') process.exit(3);
  throw new Error('nobody catches this');
}
