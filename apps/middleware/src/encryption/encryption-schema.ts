import { z } from 'zod';

/** Keys with which the encrypted columns of games are encrypted; only games that have some need one. */
export const encryptionSchema = z.strictObject({
  kek: z.string().optional().describe('Key-encryption key: 32 random bytes as base64url (43 characters); midgard secrets prints one'),
  kekFile: z.string().min(1).optional().describe('File that holds it instead'),
  keyWrapper: z
    .string()
    .min(1)
    .optional()
    .describe('npm package that wraps data keys by a key management service instead; its default export is a KeyWrapper, or a function that gives one'),
  formerKeks: z.array(z.string()).default([]).describe('Key-encryption keys of before, until midgard encryption rewrap was run'),
  formerKekFiles: z.array(z.string().min(1)).default([]).describe('Files that hold such'),
  formerKeyWrappers: z.array(z.string().min(1)).default([]).describe('Packages as keyWrapper, of before'),
  refreshMs: z.int().min(1).max(3_600_000).default(10_000).describe('How often an instance looks for a data key that another one has begun'),
  maxValuesPerKey: z
    .int()
    .min(1)
    .max(2 ** 31)
    .default(2 ** 31)
    .describe('About how many values a data key encrypts before the next one begins by itself'),
});
