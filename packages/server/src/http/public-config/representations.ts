import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';
import type { PublishedDocument } from '@midgard/game-kit';
import { chooseCoding } from '../reply.ts';

/** A document in one content coding. */
export interface Representation {
  /** Undefined: as it is. */
  readonly coding: string | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Strong, and another one for each coding: they are other bytes (RFC 9110 section 8.8.3.3). */
  readonly etag: string;
}

/** Above this many bytes the best effort of Brotli would take seconds, for a few percent. */
const bestEffortBytes = 1_048_576;

const brotli = promisify(brotliCompress);
const zstd = promisify(zstdCompress);
const deflate = promisify(gzip);

/** Content codings, the one that is usually smallest first: made once and sent often, so each at its best. */
const codings: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>>> = {
  br: (bytes) =>
    brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: bytes.length > bestEffortBytes ? 9 : 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  zstd: (bytes) => zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 19 } }),
  gzip: (bytes) => deflate(bytes, { level: 9 }),
};

const prepared = new WeakMap<PublishedDocument, Promise<readonly Representation[]>>();

/** The document in every coding that makes it smaller, the original last; made once for each version of it, off this thread. */
export function representationsOf(document: PublishedDocument): Promise<readonly Representation[]> {
  const known = prepared.get(document);
  if (known !== undefined) return known;
  const preparing = prepare(document);
  prepared.set(document, preparing);
  return preparing;
}

/** Which one to send to a caller. */
export function chooseRepresentation(representations: readonly Representation[], acceptEncoding: string | undefined): Representation | undefined {
  const chosen = chooseCoding(
    acceptEncoding,
    representations.flatMap(({ coding }) => coding ?? []),
  );
  return representations.find(({ coding }) => coding === chosen);
}

async function prepare({ bytes, hash }: PublishedDocument): Promise<readonly Representation[]> {
  const encoded = await Promise.all(
    Object.entries(codings).map(async ([coding, encode]): Promise<Representation> => ({ coding, bytes: await encode(bytes), etag: `"${hash}-${coding}"` })),
  );
  return [...encoded.filter((each) => each.bytes.length < bytes.length), { coding: undefined, bytes, etag: `"${hash}"` }];
}
