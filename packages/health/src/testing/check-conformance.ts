import { strict as assert } from 'node:assert';
import type { Check, CheckResult } from '../monitor/component.ts';
import type { ConformanceCase } from './conformance-case.ts';

/** Set-up of {@link checkConformance}. */
export interface CheckConformanceOptions {
  /** How long a check may take, milliseconds (default 10,000: long enough for a busy machine). */
  readonly patienceMs?: number | undefined;
}

/**
 * The promises of a {@link Check}, for built-in ones and for anyone's own.
 *
 * @param create makes the check of something that is well
 * @param options.patienceMs how long it may take, milliseconds (default 10,000)
 * @returns cases to be run one by one
 *
 * @example
 * ```ts
 * // not compiled: vitest is not a dependency of the reader's package
 * test.each(checkConformance(() => pingCheck(() => database.ping())))('$name', ({ run }) => run());
 * ```
 */
export function checkConformance(create: () => Check, { patienceMs = 10_000 }: CheckConformanceOptions = {}): readonly ConformanceCase[] {
  const run = async (each: (ask: Ask) => Promise<void>): Promise<void> => {
    const check = create();
    await each((signal = new AbortController().signal) => inTime(check, signal, patienceMs));
  };
  return Object.entries(cases).map(([name, each]) => ({ name, run: () => run(each) }));
}

type Ask = (signal?: AbortSignal) => Promise<CheckResult>;

const cases: Readonly<Record<string, (ask: Ask) => Promise<void>>> = {
  'it answers in time what it found': async (ask) => assertSound(await ask()),
  'it may be asked again and again': async (ask) => {
    for (let times = 0; times < 3; times += 1) assertSound(await ask());
  },
  'once aborted it ends, whether it answers or throws': async (ask) => {
    const controller = new AbortController();
    const ended = ask(controller.signal).then(assertSound, assertNotLate);
    controller.abort();
    await ended;
  },
  'asked after the abort it ends, too': async (ask) => {
    await ask(AbortSignal.abort()).then(assertSound, assertNotLate);
  },
};

class LateError extends Error {}

async function inTime(check: Check, signal: AbortSignal, patienceMs: number): Promise<CheckResult> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new LateError(`no answer within ${patienceMs} ms`)), patienceMs);
  try {
    return await Promise.race([(async () => check(signal))(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

function assertNotLate(error: unknown): void {
  if (error instanceof LateError) throw error;
}

function assertSound({ status, reason, details = {} }: CheckResult): void {
  assert.ok(['up', 'degraded', 'down'].includes(status), `${status} is no status`);
  if (reason !== undefined) assert.match(reason, /^[A-Za-z0-9._-]{1,64}$/, 'a reason is a word, else it is shown as "other"');
  assert.ok(Object.keys(details).length <= 16, 'more than 16 details are cut');
  for (const [name, value] of Object.entries(details)) {
    const isSound = typeof value === 'string' ? value.length <= 200 : typeof value === 'boolean' || Number.isFinite(value);
    assert.ok(isSound, `${name} is not a short text, a finite number or a boolean`);
  }
}
