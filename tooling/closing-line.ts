import type { Reporter, TestCase } from 'vitest/node';

/**
 * Ends the run with one plain line that any CI can read, and names what was skipped above it,
 * so that a skipped test is seen and not scrolled past.
 */
export default class ClosingLine implements Reporter {
  readonly #skipped: string[] = [];
  readonly #count = { passed: 0, failed: 0, skipped: 0 };

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result();
    if (state === 'pending') return;
    this.#count[state]++;
    if (state === 'skipped') this.#skipped.push(`${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestRunEnd(_modules: unknown, unhandled: readonly unknown[]): void {
    for (const name of this.#skipped) process.stdout.write(`skipped  ${name}\n`);
    const { passed, failed, skipped } = this.#count;
    process.stdout.write(`${passed} passed, ${failed + unhandled.length} failed, ${skipped} skipped\n`);
    if (process.env['CI'] && skipped > 0) process.exitCode = 1;
  }
}
