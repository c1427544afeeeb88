import { init, use } from 'echarts/core';
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** What a chart shows. */
export interface Chart {
  readonly title: string;
  /** Of the values. */
  readonly unit: string;
  /** Bars for things that are compared, lines for what changes over time. */
  readonly kind: 'bars' | 'lines';
  /** Names below the axis: the loads, or the seconds. */
  readonly along: readonly string[];
  /** Values of each, as many as there are names. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

const size = { width: 760, height: 360 };

/** Draws a chart without a browser. @returns SVG */
export function drawChart({ title, unit, kind, along, series }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, textStyle: { fontSize: 15 } },
    legend: { bottom: 0 },
    grid: { left: 72, right: 16, top: 64, bottom: 72 },
    xAxis: {
      type: 'category',
      data: [...along],
      ...(kind === 'bars' && { axisLabel: { interval: 0, width: 740 / along.length - 16, overflow: 'break' as const } }),
    },
    yAxis: { type: 'value', name: unit, nameTextStyle: { align: 'left' } },
    series: series.map(({ name, values }) => ({ name, type: kind === 'bars' ? ('bar' as const) : ('line' as const), data: [...values], showSymbol: false })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
