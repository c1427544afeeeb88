import { latencyText, memoryText, rateText } from '../format.ts';
import type { Latency, Outcome, Second } from '../outcome.ts';
import { mixText } from '../plan.ts';
import { modeText, ordersText } from '../summary.ts';
import { charts } from './charts.ts';
import { escaped } from './html.ts';
import { style } from './style.ts';

const latencyNames: readonly (readonly [keyof Latency, string])[] = [
  ['mean', 'mean'],
  ['p50', 'P50'],
  ['p90', 'P90'],
  ['p95', 'P95'],
  ['p99', 'P99'],
  ['p999', 'P99.9'],
  ['max', 'max'],
];
/** Rows of the table by second; of a longer run the charts tell enough. */
const mostRows = 120;

/** The report of a run: one page, which loads nothing. The key is not in an outcome, and so not in it. */
export function reportPage(outcome: Outcome): string {
  const { settings, seconds } = outcome;
  const title = `${mixText(settings.mix)} on ${settings.game}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>midgard bench: ${escaped(title)}</title>
<style>${style}</style>
<h1>midgard bench: ${escaped(title)}</h1>
<p>${escaped(settings.address)}, ${settings.connections} connections × ${settings.depth} in flight, ${escaped(outcome.at.slice(0, 19).replace('T', ' '))} UTC${outcome.isEndedEarly ? ', ended early' : ''}</p>
<p>${escaped(modeText(settings))}</p>
${tiles(outcome)}
<div class="charts">
${charts(outcome)}
</div>
<h2>Latency</h2>
<div class="wide"><table class="figures">${row(
    'th',
    latencyNames.map(([, name]) => name),
  )}${row(
    'td',
    latencyNames.map(([name]) => latencyText(outcome.latencyMs[name])),
  )}</table></div>
<h2>Errors</h2>
${errorsTable(outcome)}
${outcome.orders === undefined ? '' : `<h2>Orders read back</h2>\n<p${outcome.orders.lost + outcome.orders.doubled > 0 ? ' class="bad"' : ''}>${escaped(ordersText(outcome.orders))}</p>`}
<h2>Settings and machine</h2>
${facts(outcome)}
<h2>Second by second</h2>
${secondsTable(seconds)}
</html>
`;
}

function tiles({ ratePerSecond, requests, errors, latencyMs, seconds }: Outcome): string {
  const memory = seconds.flatMap(({ server }) => (server === undefined ? [] : [server.residentBytes]));
  const all: readonly (readonly [string, string])[] = [
    ['answered / s', rateText(ratePerSecond)],
    ['P50', latencyText(latencyMs.p50)],
    ['P95', latencyText(latencyMs.p95)],
    ['P99', latencyText(latencyMs.p99)],
    ['requests', requests.toLocaleString('en-US')],
    ['errors', errors.toLocaleString('en-US')],
    ...(memory.length === 0 ? [] : [['memory', memoryText(Math.max(...memory))] as const]),
  ];
  const items = all.map(
    ([name, value]) => `<li><small>${escaped(name)}</small><b${name === 'errors' && errors > 0 ? ' class="bad"' : ''}>${escaped(value)}</b></li>`,
  );
  return `<ul class="tiles">${items.join('')}</ul>`;
}

function errorsTable({ errorsByKind, requests }: Outcome): string {
  const kinds = Object.entries(errorsByKind);
  if (kinds.length === 0) return '<p>None.</p>';
  const rows = kinds.map(([kind, count]) => factRow(kind, `${count.toLocaleString('en-US')} (${((count / requests) * 100).toFixed(3)} %)`));
  return `<table class="facts">${rows.join('')}</table>`;
}

function facts({ settings, machine, run, measuredSeconds }: Outcome): string {
  const { game, connections, depth, threads, players, warmUpSeconds } = settings;
  return `<table class="facts">${[
    factRow('address', settings.address),
    factRow('game, mix', `${game}, ${mixText(settings.mix)}`),
    factRow(
      'load',
      `${connections} connections × ${depth} in flight, of ${threads} ${threads === 1 ? 'thread' : 'threads'}; ${players} players, named bench-${run}-…`,
    ),
    factRow('measured', `${measuredSeconds.toFixed(1)} s after ${warmUpSeconds} s of warm-up`),
    factRow('load came from', `${machine.cpus} × ${machine.cpu}, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.platform}, Node ${machine.node}`),
  ].join('')}</table>`;
}

function secondsTable(seconds: readonly Second[]): string {
  const head = row('th', ['second', 'requests/s', 'errors', 'P50', 'P95', 'P99', 'max', 'memory', 'event loop']);
  const rows = seconds.slice(0, mostRows).map(({ second, ratePerSecond, errors, latencyMs: { p50, p95, p99, max }, server }) => {
    const ofServer = server === undefined ? ['–', '–'] : [memoryText(server.residentBytes), latencyText(server.eventLoopP99Ms)];
    return row('td', [String(second + 1), rateText(ratePerSecond), String(errors), ...[p50, p95, p99, max].map(latencyText), ...ofServer]);
  });
  const rest = seconds.length > mostRows ? `<p>${seconds.length - mostRows} more are in the JSON.</p>` : '';
  return `<div class="wide"><table class="figures">${head}${rows.join('')}</table></div>${rest}`;
}

function row(cell: 'td' | 'th', texts: readonly string[]): string {
  return `<tr>${texts.map((text) => `<${cell}>${escaped(text)}</${cell}>`).join('')}</tr>`;
}

function factRow(name: string, value: string): string {
  return `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`;
}
