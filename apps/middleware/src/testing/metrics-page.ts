import type { ReadMetric } from '@midgard/metrics';

/** What a metric is about, by the beginning of its name; the first that fits. */
const chapters: readonly (readonly [title: string, begins: RegExp])[] = [
  ['Requests', /^midgard_requests?_/],
  ['Front ends', /^midgard_(?:connection|client|handshake|received|sent|read|write_seconds|dropped|http|tls|limits|password|load_shedding)/],
  ['Games and business', /^midgard_(?:active|daily|orders|revenue|refunds|ledger)/],
  ['Databases', /^midgard_database_/],
  ['Cache', /^midgard_(?:cache|cdn)_/],
  ['Write-behind', /^midgard_(?:write_behind|durable_log)_/],
  ['Health, alerts, traces and logs', /^midgard_(?:component|alerts?|notifications|healing|trace|log)/],
  ['Worker processes', /^midgard_workers?(?:_|$)/],
  ['Process', /./],
];

const beginning = `# Metrics

Everything at \`/metrics\`, as Prometheus text or OpenMetrics. Written by \`pnpm --filter @midgard/middleware metrics-page\` from the running
service; a test holds this page against it. Names and units follow Prometheus' conventions: \`_total\` rises, \`_seconds\` and \`_bytes\` are
what they say. Labels never hold what a client made up: what is not known is \`unknown\`, and beyond a metric's bound of series \`other\`.

With several workers the page of any of them tells of all: counters and histograms are added up, gauges too. What is of one process and has no sum (memory, event loop, connections,
components, what it knows of others) has one more label there, \`worker\`: its place, or \`primary\`.

Rules, alerts and dashboards on them: [tooling/deploy](../../tooling/deploy).
`;

/** The page that lists them all, by what they are about. */
export function metricsPage(metrics: readonly ReadMetric[]): string {
  const sorted = [...metrics].sort((one, other) => (one.name < other.name ? -1 : 1));
  const byChapter = Map.groupBy(sorted, ({ name }) => chapters.find(([, begins]) => begins.test(name))?.[0] ?? '');
  const parts = chapters.flatMap(([title]) => {
    const rows = byChapter.get(title) ?? [];
    return rows.length === 0 ? [] : [`\n## ${title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n${rows.map(rowOf).join('')}`];
  });
  return `${beginning}${parts.join('')}`;
}

function rowOf({ name, type, labels, help }: ReadMetric): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|')} |\n`;
}
