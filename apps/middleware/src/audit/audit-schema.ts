import { z } from 'zod';

/** How the audit log is signed. */
export const auditSchema = z.strictObject({
  signingKey: z.string().optional().describe('Private Ed25519 key as a JSON Web Key, signs the checkpoints of the audit log; its own in production'),
  retiredKeys: z.array(z.string()).default([]).describe('Public halves of earlier keys, as midgard audit key prints them: what they signed still verifies'),
  checkpointRows: z.int().min(1).max(1_000_000).default(1000).describe('Entries after which the end of the log is signed'),
  checkpointMs: z.int().min(100).max(86_400_000).default(60_000).describe('Milliseconds after which it is signed, where there are new entries'),
});
