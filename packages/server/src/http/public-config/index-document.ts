import { createHash } from 'node:crypto';
import type { PublishedDocument } from '@midgard/game-kit';
import { shortestFreshness } from './cache-headers.ts';

const written = new WeakMap<readonly PublishedDocument[], PublishedDocument>();

/**
 * The list of a game's documents, itself a document: names, entity tags of the originals, and addresses that never change what they give.
 *
 * @param path where the list stands, without a slash at its end
 * @param documents of one moment; the list is written once for each
 */
export function indexDocument(path: string, documents: readonly PublishedDocument[]): PublishedDocument {
  const known = written.get(documents);
  if (known !== undefined) return known;
  const entries = documents.map(({ name, hash, bytes }) => ({ name, etag: `"${hash}"`, url: `${path}/${name}?v=${hash}`, bytes: bytes.length }));
  const bytes = new TextEncoder().encode(JSON.stringify({ documents: entries }));
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  const index = { name: '', bytes, hash, freshness: shortestFreshness(documents) };
  written.set(documents, index);
  return index;
}
