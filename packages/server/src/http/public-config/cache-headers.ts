import type { Freshness, PublishedDocument } from '@midgard/game-kit';

/** On everything that may lie in a CDN, so that all of it can be purged at once. */
const serviceKey = 'midgard';
const immutableSeconds = 31_536_000;

/**
 * The key under which a CDN finds what it has of a document of a game, to purge it.
 *
 * @param game the game's id
 * @param name of the document; left out: the list of all of them, which changes with each
 */
export function surrogateKey(game: string, name = ''): string {
  return `${game}/${name}`;
}

/** The keys of a document: of all games, of its game, its own. */
export function surrogateHeaders(game: string, name?: string): Readonly<Record<string, string>> {
  const keys = [serviceKey, `game-${game}`, surrogateKey(game, name)];
  // Fastly and Varnish read the first, Cloudflare and Akamai the second.
  return { 'Surrogate-Key': keys.join(' '), 'Cache-Tag': keys.join(',') };
}

/**
 * `Cache-Control` of a document (RFC 9111, RFC 5861, RFC 8246).
 *
 * @param isPinned the address holds the hash, so that what is found there never changes
 */
export function cacheControl({ maxAgeSeconds, sharedMaxAgeSeconds, staleWhileRevalidateSeconds, staleIfErrorSeconds }: Freshness, isPinned: boolean): string {
  if (isPinned) return `public, max-age=${immutableSeconds}, immutable`;
  return `public, max-age=${maxAgeSeconds}, s-maxage=${sharedMaxAgeSeconds}, stale-while-revalidate=${staleWhileRevalidateSeconds}, stale-if-error=${staleIfErrorSeconds}`;
}

/** What a list of documents may be kept for: no longer than any of them. */
export function shortestFreshness(documents: readonly PublishedDocument[]): Freshness {
  const least = (of: (freshness: Freshness) => number): number => Math.min(...documents.map(({ freshness }) => of(freshness)));
  return {
    maxAgeSeconds: least((each) => each.maxAgeSeconds),
    sharedMaxAgeSeconds: least((each) => each.sharedMaxAgeSeconds),
    staleWhileRevalidateSeconds: least((each) => each.staleWhileRevalidateSeconds),
    staleIfErrorSeconds: least((each) => each.staleIfErrorSeconds),
  };
}
