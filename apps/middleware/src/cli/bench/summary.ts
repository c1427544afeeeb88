import { errorsText, latencyText, memoryText, rateText } from './format.ts';
import type { Outcome } from './outcome.ts';
import { mixText } from './plan.ts';

const modes: Readonly<Record<Outcome['settings']['mode'], string>> = {
  closed: 'closed loop: latency from sending; a service that stalls is asked less (--rate asks at a steady rate)',
  open: 'open loop: latency from when a request was due, so that a stall counts for all that waited',
};

/** What was measured, how, for people: a line for the terminal, a sentence in the report. */
export function modeText({ mode, ratePerSecond }: Outcome['settings']): string {
  return ratePerSecond === null ? modes[mode] : `${rateText(ratePerSecond)} requests/s asked, ${modes[mode]}`;
}

/** @returns a sentence about the orders that were read back */
export function ordersText({ acknowledged, found, lost, doubled }: NonNullable<Outcome['orders']>): string {
  const verdict = lost + doubled === 0 ? 'none lost, none doubled' : `${lost} LOST, ${doubled} DOUBLED`;
  return `${acknowledged.toLocaleString('en-US')} acknowledged, ${found.toLocaleString('en-US')} found: ${verdict}`;
}

/** The result of a run for the terminal. */
export function summaryLines(outcome: Outcome): readonly string[] {
  const { settings, latencyMs, seconds, orders } = outcome;
  const memory = seconds.flatMap(({ server }) => (server === undefined ? [] : [server.residentBytes]));
  return [
    `${mixText(settings.mix)} on ${settings.game} at ${settings.address}: ${settings.connections} connections × ${settings.depth} in flight, ${settings.threads} ${settings.threads === 1 ? 'thread' : 'threads'}`,
    modeText(settings),
    `measured    ${outcome.measuredSeconds.toFixed(1)} s${outcome.isEndedEarly ? ', ended early' : ''}`,
    `requests    ${outcome.requests.toLocaleString('en-US')}, ${rateText(outcome.ratePerSecond)}/s answered`,
    `latency     mean ${latencyText(latencyMs.mean)}, P50 ${latencyText(latencyMs.p50)}, P95 ${latencyText(latencyMs.p95)}, P99 ${latencyText(latencyMs.p99)}, P99.9 ${latencyText(latencyMs.p999)}, max ${latencyText(latencyMs.max)}`,
    `errors      ${errorsText(outcome.errorsByKind)}`,
    ...(memory.length === 0 ? [] : [`server      ${memoryText(Math.max(...memory))} at most`]),
    ...(orders === undefined ? [] : [`orders      ${ordersText(orders)}`]),
  ];
}
