import process from 'node:process';
import { parseArgs } from 'node:util';

/** An option of a benchmark, with its default and what it is for. */
export interface NumberOption {
  readonly default: number;
  readonly about: string;
}

/**
 * Reads a benchmark's numbers from the command line. `--help` prints them and ends the process; what is no number is refused by name.
 *
 * @param about what is measured, for `--help`
 */
export function numberOptions<Name extends string>(about: string, options: Readonly<Record<Name, NumberOption>>): Record<Name, number> {
  const names = Object.keys(options).filter((name): name is Name => name in options);
  const strings = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const parsed = parseArgs({ options: { ...strings, help: { type: 'boolean', short: 'h' } } });
  const values: Readonly<Record<string, unknown>> = parsed.values;
  if (values['help'] === true) {
    const lines = names.map((name) => `  --${name.padEnd(16)} ${options[name].about} (${options[name].default})`);
    process.stdout.write(`${about}\n\n${lines.join('\n')}\n`);
    process.exit(0);
  }
  const numbers = Object.fromEntries(names.map((name) => [name, values[name] === undefined ? options[name].default : Number(values[name])]));
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isFinite(value) && value >= 0) continue;
    process.stderr.write(`--${name}: ${String(values[name])} is not a number from 0 on\n`);
    process.exit(2);
  }
  if (!hasAll(numbers, names)) throw new Error('an option has no default');
  return numbers;
}

function hasAll<Name extends string>(numbers: object, names: readonly Name[]): numbers is Record<Name, number> {
  return names.every((name) => name in numbers);
}

/** Those of most benchmarks. */
export const commonOptions = {
  seconds: { default: 1, about: 'seconds of each run' },
  rounds: { default: 5, about: 'rounds, of which the median counts' },
  connections: { default: 50, about: 'connections' },
} as const;
