/**
 * Proves that no item and no coin appears or vanishes: many clients trade at random over TCP, the service is killed with
 * SIGKILL in the middle and started again, and at the end the players' holdings are held against the books that were kept
 * outside, and the ledgers against themselves.
 *
 * `node --conditions=@midgard/source apps/middleware/src/testing/ledger-storm.ts --seconds 30 --clients 1000 --kills 1`
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServiceProcess } from './service-process.ts';
import { Storm } from './storm.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    clients: { type: 'string', default: '1000' },
    players: { type: 'string', default: '200' },
    kills: { type: 'string', default: '1' },
  },
});
const seconds = Number(values.seconds);
const kills = Number(values.kills);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await using service = new ServiceProcess();
const { tcpPort, baseUrl, key } = await service.start();
const ports = { tcp: tcpPort, http: Number(new URL(baseUrl).port) };
const storm = new Storm();
await storm.prepare({ port: tcpPort, key, clients: Number(values.clients), players: Number(values.players) });
say(`${values.clients} clients and ${values.players} players are ready; ${seconds} s of storm, ${kills} kills`);

const startedAt = performance.now();
const running = storm.run(AbortSignal.timeout(seconds * 1000));
for (let kill = 1; kill <= kills; kill++) {
  await sleep((seconds * 1000) / (kills + 1));
  await service.end('SIGKILL');
  const downAt = performance.now();
  await service.start(ports);
  say(`kill -9 number ${kill}: up again after ${Math.round(performance.now() - downAt)} ms`);
}
const { acknowledged, refused, askedAgain, faults } = await running;
const elapsed = (performance.now() - startedAt) / 1000;
say(
  `${acknowledged} acknowledged (${Math.round(acknowledged / elapsed)}/s), ${refused} refused by the rules, ${askedAgain} asked again, ${faults.length} kinds of fault`,
);

const held = await storm.holdings();
await storm.close();
const wrong = storm.books.assets().filter((asset) => held.get(asset) !== storm.books.total(asset));
for (const asset of storm.books.assets())
  say(`${asset.padEnd(14)} made − used up ${storm.books.total(asset)}, held ${held.get(asset) ?? 0n}${wrong.includes(asset) ? '   ✗' : ''}`);
const exitCode = await service.end('SIGTERM');
const doctor = await service.command('doctor', '--ledger');
say(doctor.stdout.trim());
const isWell = wrong.length === 0 && faults.length === 0 && exitCode === 0 && doctor.exitCode === 0;
for (const fault of faults) say(`✗ ${fault}`);
say(isWell ? 'nothing appeared, nothing vanished' : `✗ not well: ${wrong.length} assets differ, SIGTERM exit ${exitCode}, doctor exit ${doctor.exitCode}`);
process.exitCode = isWell ? 0 : 1;
