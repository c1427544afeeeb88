import { PoolError } from '../errors.ts';

/** Written over a released buffer: as text, length or pointer it is evidently wrong. */
const poison = 0xdb;
const pattern = Buffer.alloc(4096, poison);

/**
 * Tells of writes into buffers after their release: the debug mode of BufferPool. A reader sees poison; a writer leaves a mark
 * in it, which is found before the next loan. It costs a pass over the buffer each way and a stack on each release.
 */
export class Poison {
  /** Where each idle buffer was given back. */
  readonly #releases = new WeakMap<Buffer, PoolError>();

  /** Makes a buffer unfit for use. */
  apply(buffer: Buffer): void {
    buffer.fill(poison);
    this.#releases.set(buffer, new PoolError('ERR_POOL_USED_AFTER_RELEASE', 'it was given back here'));
  }

  /**
   * Finds out whether a buffer is as `apply` left it. One that is not is poisoned again, so that each use is told once.
   *
   * @throws {PoolError} `ERR_POOL_USED_AFTER_RELEASE`; its `cause` has the stack of the release
   */
  verify(buffer: Buffer): void {
    const release = this.#releases.get(buffer);
    if (release === undefined || isIntact(buffer)) return;
    const at = buffer.findIndex((byte) => byte !== poison);
    buffer.fill(poison);
    throw new PoolError(
      'ERR_POOL_USED_AFTER_RELEASE',
      `somebody wrote at ${at} into a buffer of ${buffer.length} bytes after it was given back; see the cause`,
      {
        cause: release,
      },
    );
  }
}

function isIntact(buffer: Buffer): boolean {
  for (let at = 0; at < buffer.length; at += pattern.length) {
    const end = Math.min(at + pattern.length, buffer.length);
    if (buffer.compare(pattern, 0, end - at, at, end) !== 0) return false;
  }
  return true;
}
