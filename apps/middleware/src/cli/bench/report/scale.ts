/** Maps values to places on an axis, and knows where its labels go. */
export interface Scale {
  /** @returns from 0 to 1 */
  at(value: number): number;
  readonly ticks: readonly number[];
}

const wantedTicks = 4;

/** @param most highest value, which lies on the axis */
export function linearScale(most: number): Scale {
  const step = niceStep((most > 0 ? most : 1) / wantedTicks);
  const end = Math.ceil((most > 0 ? most : 1) / step - 1e-9) * step;
  const count = Math.round(end / step);
  return { at: (value) => value / end, ticks: Array.from({ length: count + 1 }, (_, at) => at * step) };
}

/** Powers of ten from below the least to above the most; both above 0. */
export function logScale(least: number, most: number): Scale {
  const from = Math.floor(Math.log10(least));
  const to = Math.max(from + 1, Math.ceil(Math.log10(most) - 1e-9));
  return {
    at: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from),
    ticks: Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at)),
  };
}

/** @returns the next of 1, 2, 5, 10, 20, … */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least - 1e-9 * power) ?? 10) * power;
}
