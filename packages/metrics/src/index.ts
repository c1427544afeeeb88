export { type HistogramOptions, Registry } from './registry.ts';
export { type LabelValues, type MetricOptions } from './family.ts';
export { Counter, CounterHandle } from './counter.ts';
export { Gauge, GaugeHandle } from './gauge.ts';
export { Histogram, HistogramHandle } from './histogram.ts';
export { MetricsError, type MetricsErrorCode } from './metrics-error.ts';
export { collectProcess } from './process.ts';
export { LeakWatch, type LeakWatchEvents, type LeakWatchOptions } from './leak-watch.ts';
export type { Growth, GrowthThreshold } from './leak-watch-trend.ts';
