import type { SpanPart } from '@midgard/server';

/**
 * Calls another system, and tells how long that took and whether it failed: by the error's code or name, since messages quote.
 *
 * @param note who is told
 * @param part what it is called; attributes without secrets
 */
export async function noteCall<T>(note: (part: SpanPart) => void, part: Pick<SpanPart, 'name' | 'attributes'>, call: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    const answer = await call();
    note({ ...part, kind: 'client', durationMs: performance.now() - startedAt });
    return answer;
  } catch (error) {
    const type = errorType(error);
    note({ ...part, attributes: { ...part.attributes, 'error.type': type }, kind: 'client', durationMs: performance.now() - startedAt, error: type });
    throw error;
  }
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
