import { expect, test } from 'vitest';
import { drawChart } from './chart.ts';

test('a chart is drawn without a browser, with a bar for each value and every name', () => {
  const series = [
    { name: 'Midgard', values: [3, 1] },
    { name: 'Redis', values: [2, null] },
  ];
  const svg = drawChart({ title: 'Reads', unit: 'requests/s', kind: 'bars', along: ['one key', 'many keys'], series });
  expect(svg).toMatch(/^<svg /);
  for (const text of ['Reads', 'requests/s', 'one key', 'many keys', 'Midgard', 'Redis']) expect(svg).toContain(`>${text}<`);
  expect(drawChart({ title: 'Memory', unit: 'MB', kind: 'lines', along: ['1', '2'], series })).toContain('<path');
});
