import { statfs as statfsOfNode } from 'node:fs/promises';
import { HealthError } from '../../errors.ts';
import type { Check } from '../component.ts';

/** What is asked of a file system, in blocks; `statfs` of `node:fs/promises` answers it. */
export interface FileSystemFigures {
  /** Bytes of a block. */
  readonly bsize: number;
  readonly blocks: number;
  /** Blocks that whoever is not root may still fill. */
  readonly bavail: number;
}

/** Set-up of {@link diskCheck}. */
export interface DiskOptions {
  /** Any path on the file system. It is not told to anyone. */
  readonly path: string;
  /** Degraded when less than this part is free, 0 to 1 (default 0.1). */
  readonly degradedBelow?: number | undefined;
  /** Down when less than this part is free, 0 to `degradedBelow` (default 0.02). */
  readonly downBelow?: number | undefined;
  /** Default: that of Node. */
  readonly statfs?: ((path: string) => Promise<FileSystemFigures>) | undefined;
}

/**
 * Judges the room on a disk.
 *
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`: the parts are not 0 ≤ `downBelow` ≤ `degradedBelow` ≤ 1
 */
export function diskCheck({ path, degradedBelow = 0.1, downBelow = 0.02, statfs = (place) => statfsOfNode(place) }: DiskOptions): Check {
  if (!(downBelow >= 0 && downBelow <= degradedBelow && degradedBelow <= 1)) {
    throw new HealthError('ERR_HEALTH_OPTIONS', 'downBelow and degradedBelow must be parts from 0 to 1, downBelow at most degradedBelow');
  }
  return async () => {
    const { bsize, blocks, bavail } = await statfs(path);
    // File systems that are made up, such as some of containers, have no blocks at all; they cannot be full.
    const freeRatio = blocks === 0 ? 1 : bavail / blocks;
    const details = { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeRatio: Math.round(freeRatio * 1000) / 1000 };
    if (freeRatio < downBelow) return { status: 'down', reason: 'disk-full', details };
    return freeRatio < degradedBelow ? { status: 'degraded', reason: 'disk-low', details } : { status: 'up', details };
  };
}
