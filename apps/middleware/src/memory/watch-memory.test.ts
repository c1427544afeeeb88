import { type Logger, noopLogger } from '@midgard/logging';
import { Registry } from '@midgard/metrics';
import { expect, onTestFinished, test, vi } from 'vitest';
import { configSchema } from '../config-schema.ts';
import { frontEndMetrics } from '../measures/front-end-metrics.ts';
import { watchMemory } from './watch-memory.ts';

/** What is logged as a warning at the start. */
function warningsOf(youngGenerationMb: number, execArgv: readonly string[]): string[] {
  const warnings: string[] = [];
  const log: Logger = { ...noopLogger, warn: (_, message) => void warnings.push(message) };
  const registry = new Registry();
  const { memory } = configSchema.parse({ memory: { youngGenerationMb } });
  watchMemory({ memory, registry, log, activity: frontEndMetrics(registry), host: { execArgv, env: {} } })[Symbol.dispose]();
  return warnings;
}

test('a young generation that could not be set is warned of, and one that was set or is left to Node is not', () => {
  expect(warningsOf(16, [])).toEqual([expect.stringContaining('--max-semi-space-size')]);
  expect(warningsOf(16, ['--max-semi-space-size=16'])).toEqual([]);
  expect(warningsOf(0, [])).toEqual([]);
});

test('the heap is told of at each reading until the end', () => {
  const registry = new Registry();
  const { memory } = configSchema.parse({});
  const watch = watchMemory({ memory, registry, log: noopLogger, activity: frontEndMetrics(registry) });
  expect(registry.expose()).toMatch(/^midgard_heap_limit_bytes [1-9]\d{7,}$/m);
  expect(registry.expose()).toMatch(/^midgard_young_generation_bytes [1-9]\d{5,}$/m);
  watch[Symbol.dispose]();
});

test('its timers end with it', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const registry = new Registry();
  const { memory } = configSchema.parse({ memory: { idleGc: { enabled: true } } });
  const watch = watchMemory({ memory, registry, log: noopLogger, activity: frontEndMetrics(registry) });
  expect(vi.getTimerCount()).toBe(2);
  watch[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});
