import { writeFileSync } from 'node:fs';
import { metricsPage } from './metrics-page.ts';
import { everyMetric } from './everything-on.ts';

const file = new URL('../../METRICS.md', import.meta.url);
writeFileSync(file, metricsPage(await everyMetric()));
console.log('wrote METRICS.md');
