import { failureCases } from './queue-cases-failing.ts';
import { boundCases, closingCases } from './queue-cases-bounds.ts';
import { identityCases, orderCases } from './queue-cases-order.ts';
import type { QueueUnderTest } from './queue-under-test.ts';

/** One thing that every queue promises. Runs under any test runner: `run` rejects if the promise is broken. */
export interface QueueConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * The promises of {@link Queue}, for the built-in ones and for anyone's own.
 *
 * @param create makes what one case works on
 * @returns cases to be run one by one
 *
 * @example
 * ```ts
 * // not compiled: vitest is not a dependency of the reader's package
 * test.each(queueConformance(createMine))('$name', ({ run }) => run());
 * ```
 */
export function queueConformance(create: () => Promise<QueueUnderTest>): readonly QueueConformanceCase[] {
  return Object.entries({ ...orderCases, ...failureCases, ...identityCases, ...boundCases, ...closingCases }).map(([name, check]) => ({
    name,
    run: async () => {
      const test = await create();
      try {
        await check(test);
      } finally {
        await test.dispose();
      }
    },
  }));
}
