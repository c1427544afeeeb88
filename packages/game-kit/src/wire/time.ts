import { z } from 'zod';

/** A point in time on output: Date → ISO 8601, UTC, milliseconds. */
export const Timestamp = z
  .date()
  .transform((date) => date.toISOString())
  .pipe(z.iso.datetime({ precision: 3 }));

/** A point in time on input: ISO 8601 with `Z` or an offset → Date. */
export const TimestampInput = z.iso.datetime({ offset: true, error: 'a time in ISO 8601, such as 2026-01-31T12:00:00Z' }).transform((value) => new Date(value));
