import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AuditCheckpoint } from '@midgard/auth';
import type { CheckpointSink } from '@midgard/game-kit';
import { z } from 'zod';
import type { Config } from '../config-schema.ts';
import { SetupError } from '../setup-error.ts';

const Line = z.strictObject({
  scope: z.string(),
  chain: z.int(),
  number: z.int(),
  sequence: z
    .string()
    .regex(/^\d{1,19}$/)
    .transform(BigInt),
  hash: z.string(),
  at: z.int(),
  isAnchor: z.boolean(),
  keyId: z.string(),
  signature: z.string(),
});

/** Where an instance keeps the copies of its checkpoints. */
export function checkpointFile({ dataDir, instance }: Config): string {
  return path.join(dataDir, 'audit', `checkpoints-${instance}.jsonl`);
}

/**
 * Appends each checkpoint as a line to a file, on disk before the next: who can write to the database alone cannot shorten the log unseen.
 * The file is never shortened by the service; it may be copied away at any time.
 */
export function checkpointSink(config: Config): CheckpointSink {
  const file = checkpointFile(config);
  return async (checkpoint) => {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await appendFile(file, `${JSON.stringify({ ...checkpoint, sequence: String(checkpoint.sequence) })}\n`, { mode: 0o600, flush: true });
  };
}

/**
 * Reads copies of checkpoints.
 *
 * @throws {SetupError} `ERR_SETUP_ARGUMENT`: no such file, or a line that is none
 */
export async function readCheckpoints(file: string): Promise<readonly AuditCheckpoint[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SetupError('ERR_SETUP_ARGUMENT', `${file} cannot be read`, { cause });
  });
  // A crash may leave half a line at the end; what stood there is in the database.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, at) => {
    try {
      return Line.parse(JSON.parse(line));
    } catch (cause) {
      throw new SetupError('ERR_SETUP_ARGUMENT', `line ${at + 1} of ${file} is no checkpoint`, { cause });
    }
  });
}
