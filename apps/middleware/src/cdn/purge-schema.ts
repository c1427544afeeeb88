import { z } from 'zod';

/** Where, and in whose words, a CDN is told of changed configuration. */
export const purgeSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where a CDN is told of changed public configuration: Fastly https://api.fastly.com/service/<id>/purge, Cloudflare https://api.cloudflare.com/client/v4/zones/<id>/purge_cache',
    ),
  format: z.enum(['fastly', 'cloudflare']).default('fastly').describe('What the CDN calls the list of keys: surrogate_keys or tags'),
  authHeader: z
    .string()
    .regex(/^[\w-]+$/, 'the name of a header')
    .default('Authorization')
    .describe('Header that the secret goes into; Fastly wants Fastly-Key'),
  authValue: z
    .string()
    .min(1)
    .optional()
    .describe('Secret of the purge, as the whole value of the header: the token for Fastly, "Bearer <token>" for Cloudflare'),
  timeoutMs: z.int().min(1).max(600_000).default(10_000).describe('Time for one purge; then it is repeated, later each time up to a minute'),
});
