/**
 * What the value of a gauge is where several threads or processes hold one: all of them together, the least, the
 * greatest, or that which was set last.
 */
export type GaugeMerge = 'sum' | 'min' | 'max' | 'last';

/** What every kind of metric is made of. */
interface Common {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly maxSeries: number;
}

/** What a counter is made of. */
export interface CounterDefinition extends Common {
  readonly type: 'counter';
}

/** What a gauge is made of. */
export interface GaugeDefinition extends Common {
  readonly type: 'gauge';
  readonly merge: GaugeMerge;
}

/** What a histogram is made of. */
export interface HistogramDefinition extends Common {
  readonly type: 'histogram';
  readonly bounds: readonly number[];
}

/** What a distinct counter is made of. */
export interface DistinctDefinition extends Common {
  readonly type: 'distinct';
  /** Registers are 2 to the power of it. */
  readonly precision: number;
  /** 0: since ever. */
  readonly windowMs: number;
  readonly slots: number;
}

/** A metric as other threads and processes hear of it: plain data. */
export type Definition = CounterDefinition | GaugeDefinition | HistogramDefinition | DistinctDefinition;

/** The type that Prometheus knows. */
export function exposedType({ type }: Definition): 'counter' | 'gauge' | 'histogram' {
  return type === 'distinct' ? 'gauge' : type;
}

/** Names of the lines that a metric writes. */
export function lineNames({ name, type }: Definition): readonly string[] {
  return type === 'histogram' ? ['', '_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name];
}

/** Equal where the numbers of two metrics of one name mean the same; help and limits may differ. */
export function shapeOf({ name: _name, help: _help, maxSeries: _maxSeries, ...shape }: Definition): string {
  return JSON.stringify(Object.entries(shape).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
