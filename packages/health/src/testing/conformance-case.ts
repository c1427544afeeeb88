/** One thing that every implementation promises. Runs under any test runner: `run` rejects if the promise is broken. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}
