import { leaseCases, replacementCases } from './tier-cases-leases.ts';
import { modelCases } from './tier-cases-model.ts';
import { shapeCases, valueCases } from './tier-cases-values.ts';
import type { TierUnderTest } from './tier-under-test.ts';

/** One thing that every tier promises. Runs under any test runner: `run` rejects if the promise is broken. */
export interface TierConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * The promises of {@link Tier}, for the built-in ones and for anyone's own.
 *
 * @param create makes what one case works on
 * @returns cases to be run one by one
 *
 * @example
 * ```ts
 * // not compiled: vitest is not a dependency of the reader's package
 * test.each(tierConformance(createMine))('$name', ({ run }) => run());
 * ```
 */
export function tierConformance(create: () => Promise<TierUnderTest>): readonly TierConformanceCase[] {
  return Object.entries({ ...valueCases, ...leaseCases, ...replacementCases, ...shapeCases, ...modelCases }).map(([name, check]) => ({
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
