/** What tells the time in epoch milliseconds; `Date` does. */
export interface WallClock {
  now(): number;
}

const millisecondsAt = '2026-01-31T12:00:00.'.length;

/** Makes what tells the time as ISO 8601 in UTC. The text of a second is made once: formatting it costs more than the rest of a short line. */
export function isoClock(clock: WallClock): () => string {
  let second = Number.NaN;
  let beginning = '';
  return () => {
    const now = clock.now();
    const whole = Math.floor(now / 1000);
    if (whole !== second) {
      second = whole;
      beginning = new Date(now).toISOString().slice(0, millisecondsAt);
    }
    const ms = Math.floor(now) - whole * 1000;
    return `${beginning}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
  };
}
