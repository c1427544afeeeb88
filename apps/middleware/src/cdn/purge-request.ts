/** How a CDN wants to be told. */
export type PurgeFormat = 'fastly' | 'cloudflare';

/** Where a purge goes, from the configuration. */
export interface PurgeTarget {
  readonly url: string;
  readonly format: PurgeFormat;
  /** Of the header that says who asks. */
  readonly authHeader: string;
  /** A secret; left out where the CDN asks for none. */
  readonly authValue?: string | undefined;
  readonly timeoutMs: number;
}

/** What the CDNs' interfaces call the list of keys, in the body. */
const keysField: Readonly<Record<PurgeFormat, string>> = { fastly: 'surrogate_keys', cloudflare: 'tags' };

/**
 * Tells the CDN, once, by a POST with the keys in its body and, as Fastly also reads them, in a `Surrogate-Key` header.
 *
 * @param signal ends it before its time
 * @throws what keeps it from having been told: the answer is not 2xx, comes too late, or not at all; a redirection too, since the secret would go with it
 */
export async function sendPurge({ url, format, authHeader, authValue, timeoutMs }: PurgeTarget, keys: readonly string[], signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'Content-Type': 'application/json', 'Surrogate-Key': keys.join(' '), ...(authValue !== undefined && { [authHeader]: authValue }) },
    body: JSON.stringify({ [keysField[format]]: keys }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the CDN answered ${response.status}`);
}
