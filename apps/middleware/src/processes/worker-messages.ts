import { z } from 'zod';

/** Open connections of a worker. */
export const Loads = z.object({ tcp: z.int(), http: z.int() });

/** How the workers fare together: see `WorkerCount`. */
export const Count = z.object({ serving: z.int(), of: z.int(), isShedding: z.boolean() });

/** Parts of the service that took up something new, and all that can. */
export const Changed = z.object({ changed: z.array(z.string()), of: z.array(z.string()) });
