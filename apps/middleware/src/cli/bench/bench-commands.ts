import { type Command, InvalidArgumentError, Option } from 'commander';
import { benchCommand } from './bench-command.ts';
import { type Limit, limitsHelp, parseLimits } from './limits.ts';
import { mixHelp, type MixPart, parseMix } from './mixes.ts';

const mixes = Object.entries(mixHelp)
  .map(([name, help]) => `  ${name.padEnd(9)} ${help}`)
  .join('\n');

const notes = `
Mixes, also several with their shares (read=8,orders=2):
${mixes}

Without --rate the loop is closed: every connection sends when it was answered, and latency counts from sending. With --rate it is open:
requests are due at that rate whatever the service does, and latency counts from when each was due. A load thread with a rate takes a whole core.

Exit codes: 0 done, 1 no service, nothing answered, or orders could not be read back, 2 wrong arguments or key,
3 above a limit of --fail-above, or orders lost or doubled. Ctrl-C ends it early with the summary.`;

/** Adds `midgard bench`. */
export function addBench(bench: Command): void {
  bench
    .description('put load on a running service; it makes players and orders of its own there')
    .option('--tcp <host:port>', 'load over TCP there (default: the service of the settings)', hostAndPort)
    .option('--url <url>', 'load over HTTP there; beside --tcp only the place of its metrics', baseUrl)
    .option('--game <id>', 'game that is asked', 'realm')
    .addOption(
      new Option('--key <key>', 'API key; others on this machine can see it, the variable not (default: the development key)').env('MIDGARD_BENCH_KEY'),
    )
    .option('--mix <mix>', 'what is asked, see below', mix, [{ scenario: 'read', share: 1 }])
    .option('--connections <count>', 'connections of all threads together', whole(1, 15_000), 50)
    .option('--depth <count>', 'requests that a connection keeps unanswered (TCP)', whole(1, 1024), 1)
    .option('--rate <per second>', 'open loop at so many requests a second (default: closed loop)', whole(1, 10_000_000))
    .option('--duration <seconds>', 'how long is measured', whole(1, 86_400), 10)
    .option('--warm-up <seconds>', 'load before that, not measured', whole(0, 3600), 2)
    .option('--threads <count>', 'threads that make the load', whole(1, 64), 1)
    .option('--players <count>', 'players that it makes', whole(1, 10_000), 100)
    .option('--json <file>', 'write the outcome as JSON')
    .option('--report <file.html>', 'write the outcome as a page')
    .option('--fail-above <limits>', limitsHelp, limits, [])
    .addHelpText('after', notes)
    .action(benchCommand);
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw new InvalidArgumentError('a host and a port such as 127.0.0.1:8080 or [::1]:8080');
  return { host, port };
}

function baseUrl(text: string): string {
  const url = URL.parse(text);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!isHttp || url.search !== '' || url.hash !== '' || url.username !== '') throw new InvalidArgumentError('a URL such as http://127.0.0.1:8081');
  return url.href.endsWith('/') ? url.href.slice(0, -1) : url.href;
}

function mix(text: string): readonly MixPart[] {
  const parts = parseMix(text);
  if (parts === undefined)
    throw new InvalidArgumentError(`names out of ${Object.keys(mixHelp).join(', ')}, each with a share or none: read or read=8,orders=2`);
  return parts;
}

function limits(text: string): readonly Limit[] {
  const parsed = parseLimits(text);
  if (parsed === undefined) throw new InvalidArgumentError(limitsHelp);
  return parsed;
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`a whole number from ${least} to ${most}`);
    return value;
  };
}
