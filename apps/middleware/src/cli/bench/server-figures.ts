import { z } from 'zod';

/** How the service itself is. */
export const ServerFigures = z.object({
  /** Memory of its processes in RAM, in bytes. */
  residentBytes: z.number(),
  /** How late its event loop was in the last half minute, 99th percentile, in milliseconds; of several processes the latest. */
  eventLoopP99Ms: z.number(),
});
export type ServerFigures = z.infer<typeof ServerFigures>;

/** A service under the load that it is asked about takes its time. */
const readMs = 5000;
const memory = 'process_resident_memory_bytes';
const lag = 'nodejs_eventloop_lag_p99_seconds';

/** @returns the figures in a text for Prometheus, or undefined where they are not in it */
export function serverFiguresIn(text: string): ServerFigures | undefined {
  const residents = valuesOf(text, memory);
  const lags = valuesOf(text, lag);
  if (residents.length === 0) return undefined;
  return { residentBytes: residents.reduce((sum, each) => sum + each, 0), eventLoopP99Ms: Math.max(0, ...lags) * 1000 };
}

/** @param baseUrl of the service, without a slash at its end @returns undefined where they cannot be read now */
export async function readServerFigures(baseUrl: string, key: string): Promise<ServerFigures | undefined> {
  try {
    const answer = await fetch(`${baseUrl}/metrics`, {
      headers: { 'X-API-Key': key, Accept: 'text/plain' },
      signal: AbortSignal.timeout(readMs),
      redirect: 'error',
    });
    return answer.ok ? serverFiguresIn(await answer.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** Of every process of the service that tells of itself: a sample is `name{labels} value`. */
function valuesOf(text: string, metric: string): readonly number[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))))
    .filter(Number.isFinite);
}
