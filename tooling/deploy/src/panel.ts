import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** What a number means: a name of Grafana's units. */
export type Unit = 'short' | 'reqps' | 's' | 'bytes' | 'Bps' | 'percentunit' | 'ops' | 'none' | 'dateTimeFromNow';

/** One line, or one for each series that it gives. */
export interface Query {
  readonly expr: string;
  /** Grafana's template, such as `{{game}}`. */
  readonly legend: string;
  /** Why a healthy service under load may have no such series, so that the check of a live scrape lets it be empty; never without a reason. */
  readonly mayBeEmpty?: string;
}

/** One picture. */
export interface Panel {
  readonly title: string;
  /** What it tells, and what to do when it looks bad. */
  readonly description: string;
  readonly unit: Unit;
  /** `number`: the newest value alone, large. Default: lines over time. */
  readonly kind?: 'lines' | 'number';
  readonly queries: readonly Query[];
}

/** A page of pictures. */
export interface Board {
  /** Part of its address in Grafana, and the name of its file. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const source = { type: 'prometheus', uid: '${datasource}' } as const;
const panelHeight = 8;
const panelSpan = { lines: 8, number: 4 } as const;

/** Makes Grafana's JSON of a board; the games and instances that it shows are chosen above it. */
export function dashboardOf({ uid, title, description, rows }: Board): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['midgard'])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(choice('instance', 'Instance', 'label_values(midgard_connections, instance)'))
    .withVariable(choice('game', 'Game', 'label_values(midgard_database_transactions_total, game)'));
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(panelOf(panel));
  }
  return dashboard.build();
}

function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name).label(label).datasource(source).query(query).multi(true).includeAll(true).allValue('.*');
}

function panelOf({ title, description, unit, kind = 'lines', queries }: Panel): StatBuilder | TimeseriesBuilder {
  const panel = kind === 'number' ? new StatBuilder() : lines();
  panel.title(title).description(description).unit(unit).datasource(source).height(panelHeight).span(panelSpan[kind]);
  queries.forEach(({ expr, legend }, at) =>
    panel.withTarget(
      new DataqueryBuilder()
        .expr(expr)
        .legendFormat(legend)
        .refId(String.fromCodePoint(65 + at))
        .exemplar(true),
    ),
  );
  return panel;
}

function lines(): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(common.VisibilityMode.Never)
    .legend(new common.VizLegendOptionsBuilder().showLegend(true).displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom));
}

/** A quantile of a histogram, by some of its labels. */
export function quantile(share: number, histogram: string, by: readonly string[], matchers = ''): string {
  return `histogram_quantile(${share}, sum by (${['le', ...by].join(', ')}) (rate(${histogram}_bucket{${everywhere(matchers)}}[$__rate_interval])))`;
}

/** The sum of a counter's rates, by some of its labels. */
export function rate(counter: string, by: readonly string[], matchers = ''): string {
  return `sum by (${by.join(', ')}) (rate(${counter}{${everywhere(matchers)}}[$__rate_interval]))`;
}

/** The sum of a gauge, by some of its labels. */
export function total(gauge: string, by: readonly string[], matchers = ''): string {
  return `sum by (${by.join(', ')}) (${gauge}{${everywhere(matchers)}})`;
}

/** The mean time of what a histogram has seen. */
export function mean(histogram: string, by: readonly string[], matchers = ''): string {
  return `${rate(`${histogram}_sum`, by, matchers)} / ${rate(`${histogram}_count`, by, matchers)}`;
}

/** Only the instances that are chosen, and only what the matchers say. */
export function everywhere(matchers = ''): string {
  return ['instance=~"$instance"', ...(matchers === '' ? [] : [matchers])].join(',');
}

/** {@link everywhere}, and only the games that are chosen. */
export const ofGame = 'game=~"$game"';
