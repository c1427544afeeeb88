import { z } from 'zod';
import type { HealingBinding, HealingBindingInput } from './action.ts';
import { maxCoolDownMs } from './pace.ts';

const Name = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'a letter and at most 63 more letters, digits, ".", "_" or "-"');

/** A binding, with its bounds and defaults. */
export const healingBindingSchema: z.ZodType<HealingBinding, HealingBindingInput> = z.strictObject({
  rule: Name.describe('Name of the alert rule'),
  action: Name.describe('Name of the action'),
  coolDownMs: z.int().min(1000).max(maxCoolDownMs).describe('Least time from one run of the action to the next on the same target'),
  maxPerHour: z.int().min(1).max(3600).optional().describe('Most runs on one target within an hour'),
  repeats: z.boolean().default(false).describe('Runs it again after each cool-down while the alert fires'),
});
