/** A process that logs 20,000 lines on standard output and ends as its argument says, `exit` or `throw`, for tests of what it leaves unsaid. */
import process from 'node:process';
import { createLogger, StandardOutput } from '../index.ts';

const log = createLogger({ name: 'test', destination: new StandardOutput({ report: (trouble) => console.error(trouble) }) });
for (let n = 0; n < 20_000; n += 1) log.info({ n }, 'line');
if (process.argv[2] === 'exit') process.exit(3);
throw new Error('nobody catches this');
