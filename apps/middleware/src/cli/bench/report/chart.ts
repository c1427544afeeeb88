import { escaped } from './html.ts';
import type { Scale } from './scale.ts';

/** A line of a {@link Chart}: points from left to right; one without a value is left out. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
}

/** A chart of lines over one axis. */
export interface Chart {
  readonly title: string;
  /** What the values are, and their unit. */
  readonly unit: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly xLabel: (value: number) => string;
  readonly yLabel: (value: number) => string;
  /** What lies along the lower edge. */
  readonly xTitle: string;
  readonly series: readonly Series[];
}

const width = 460;
const height = 250;
const left = 64;
const right = 34;
const top = 12;
const bottom = 40;
const markRadius = 2;
/** More points than these stand too close for a mark each. */
const mostMarks = 40;

/** @returns a figure with its caption, its legend where there are several lines, and the chart as SVG; colours come from the page */
export function chartFigure(chart: Chart): string {
  const { title, unit, series } = chart;
  const legend = series.map(({ name }, at) => `<span class="key k${at}">${escaped(name)}</span>`).join('');
  return `<figure>
<figcaption><b>${escaped(title)}</b> <small>${escaped(unit)}</small>${series.length > 1 ? `<span class="legend">${legend}</span>` : ''}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
${grid(chart)}
${series.map((each, at) => lineOf(chart, each, at)).join('\n')}
</svg>
</figure>`;
}

function xOf({ x }: Chart, value: number): number {
  return left + x.at(value) * (width - left - right);
}

function yOf({ y }: Chart, value: number): number {
  return height - bottom - y.at(value) * (height - top - bottom);
}

function grid(chart: Chart): string {
  const rows = chart.y.ticks.map((tick) => {
    const y = yOf(chart, tick).toFixed(1);
    return `<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/><text x="${left - 7}" y="${y}" dy="4" text-anchor="end">${escaped(chart.yLabel(tick))}</text>`;
  });
  const columns = chart.x.ticks.map((tick) => {
    const x = xOf(chart, tick).toFixed(1);
    return `<line class="grid" x1="${x}" x2="${x}" y1="${height - bottom}" y2="${height - bottom + 4}"/><text x="${x}" y="${height - bottom + 17}" text-anchor="middle">${escaped(chart.xLabel(tick))}</text>`;
  });
  return [
    ...rows,
    ...columns,
    `<text class="axis" x="${(left + width - right) / 2}" y="${height - 5}" text-anchor="middle">${escaped(chart.xTitle)}</text>`,
  ].join('\n');
}

function lineOf(chart: Chart, { name, points }: Series, at: number): string {
  const places = points.flatMap(({ x, y }) =>
    y === null ? [] : [{ x: xOf(chart, x).toFixed(1), y: yOf(chart, y).toFixed(1), label: `${name}: ${chart.yLabel(y)}` }],
  );
  const path = places.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const marks =
    places.length > mostMarks
      ? []
      : places.map(({ x, y, label }) => `<circle class="k${at}" cx="${x}" cy="${y}" r="${markRadius}"><title>${escaped(label)}</title></circle>`);
  return [`<path class="k${at}" d="${path}"/>`, ...marks].join('');
}
