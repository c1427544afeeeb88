/**
 * What a look at all rules costs, since it holds up the event loop: 50 rules, each with the rates of 20 series and their sum, over a page of
 * 5,000 series, beside a naive control that takes every line of the page apart and does nothing with it. Prints the ratio of the medians.
 */
import { against, fromMitata, machineLine, print, record } from '@midgard/bench';
import { bench, do_not_optimize, run } from 'mitata';
import { Alerts } from './alerts.ts';
import { textMetrics } from './metric-source.ts';
import { parseSample } from './prometheus-text.ts';
import type { AlertRuleInput } from './rule.ts';

const metrics = Array.from({ length: 250 }, (_, at) => `midgard_metric_${at}_total`);
const series = metrics.flatMap((metric) => Array.from({ length: 20 }, (_, at) => `${metric}{game="realm",operation="operation.${at}",code="0"} ${at * 17}`));
const page = `${series.join('\n')}\n`;
const wanted = metrics.filter((_, at) => at % 5 === 0);
const rules = wanted.map((metric, at): AlertRuleInput => ({
  name: `Rule${at}`,
  metric,
  reduce: 'sum',
  by: ['game'],
  comparison: '<',
  value: 0,
  rateOverMs: 60_000,
}));
// A look every 15 seconds, as is usual: rates remember those of a minute.
let now = 0;
const clock = { now: () => (now += 15_000) };
const alerts = new Alerts({ rules, source: textMetrics(() => page), clock });

const ours = 'a look at 50 rules over 5,000 series';
const naive = 'every line taken apart';
bench(ours, () => alerts.evaluate());
bench(naive, () => {
  for (const line of page.split('\n')) do_not_optimize(parseSample(line));
});

const results = fromMitata(await run());
const ratios = [against(results, ours, naive)];
console.log(machineLine());
print(ratios);
record('health', ratios);
