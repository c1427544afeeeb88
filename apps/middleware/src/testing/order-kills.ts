/**
 * Proves that an acknowledged order survives: orders and their events are written at a steady rate over TCP, the service is
 * killed with SIGKILL at random moments and started again, and after each start all that was acknowledged is looked for in
 * the database, from outside.
 *
 * `node --conditions=@midgard/source apps/middleware/src/testing/order-kills.ts --kills 50 --per-second 2000`
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { OrderStorm } from './order-storm.ts';
import { ServiceProcess } from './service-process.ts';

const help = `Kills the service at random moments under a steady rate of orders, and counts what was lost or doubled.

  --kills N        how often (50)
  --per-second N   requests a second while the service is up (2000)
  --clients N      connections (16)
  --help           this text

Exit code 0: nothing was lost, nothing doubled; 1: something was.
`;
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    'per-second': { type: 'string', default: '2000' },
    clients: { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}

const kills = Number(values.kills);
await using service = new ServiceProcess();
const { tcpPort, baseUrl, key } = await service.start();
const ports = { tcp: tcpPort, http: Number(new URL(baseUrl).port) };
const storm = new OrderStorm({ perSecond: Number(values['per-second']), folder: service.folder });
await storm.prepare({ port: tcpPort, key, clients: Number(values.clients) });

const ending = new AbortController();
const running = storm.run(ending.signal);
const sums = { lost: 0, doubled: 0, checked: 0, upMs: 0 };
let upSince = performance.now();
for (let kill = 1; kill <= kills; kill += 1) {
  await sleep(300 + Math.random() * 1500);
  await service.end('SIGKILL');
  sums.upMs += performance.now() - upSince;
  const taken = storm.take();
  const downAt = performance.now();
  await service.start(ports);
  upSince = performance.now();
  const { lost, doubled, checked } = await storm.look(taken);
  sums.lost += lost;
  sums.doubled = Math.max(sums.doubled, doubled);
  sums.checked += checked;
  say(
    `kill ${String(kill).padStart(3)}: up again after ${Math.round(upSince - downAt)} ms, ${checked} acknowledged since the last, ${lost} lost, ${doubled} doubled`,
  );
}
await sleep(500);
ending.abort();
await running;
sums.upMs += performance.now() - upSince;
const last = await storm.look(storm.take());
const counted = await storm.counted();
await storm.close();
const exitCode = await service.end('SIGTERM');
const doctor = await service.command('doctor', '--ledger');

const { order, event, count } = storm.acknowledged;
const perSecond = Math.round((storm.total * 1000) / sums.upMs);
say(
  `${storm.total} acknowledged: ${order} orders in transactions, ${event} order events and ${count} counts written behind; ${perSecond}/s while up; ${storm.askedAgain} asked again`,
);
say(
  `${sums.checked + last.checked} looked for: ${sums.lost + last.lost} lost, ${Math.max(sums.doubled, last.doubled)} doubled; counter ${counted} of ${count}`,
);
for (const fault of storm.faults) say(`✗ ${fault}`);
const isWell =
  sums.lost + last.lost + sums.doubled + last.doubled === 0 && counted === count && storm.faults.size === 0 && exitCode === 0 && doctor.exitCode === 0;
say(
  isWell
    ? 'every acknowledged write is there exactly once'
    : `✗ not well (SIGTERM exit ${exitCode}, doctor exit ${doctor.exitCode})\n${doctor.stdout}${doctor.stderr}`,
);
process.exitCode = isWell ? 0 : 1;
