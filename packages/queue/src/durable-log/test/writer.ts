/** Appends without end and says on standard output, a line each, what was acknowledged: `<sequence> <payload's first word>`. Waits for kill -9. */
import { writeSync } from 'node:fs';
import { DurableLog } from '../durable-log.ts';

const [, , directory = '', life = ''] = process.argv;
const log = await DurableLog.open({ directory, segmentBytes: 256 * 1024 });
let made = 0;

async function writer(lane: number): Promise<never> {
  for (;;) {
    const id = `${life}-${lane}-${(made += 1)}`;
    const sequence = await log.append(Buffer.from(`${id} ${'x'.repeat((made * 37) % 3000)}`));
    writeSync(1, `${sequence} ${id}\n`);
    if (sequence % 500 === 0) await log.consume(sequence - 400);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, lane) => writer(lane)));
