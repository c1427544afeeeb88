import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Report } from './report.ts';
import type { Scenario } from './scenario.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** Beside the figures, which go to standard output. */
const tellProgress = (line: string): void => void process.stderr.write(`${line}\n`);

/** A command that runs scenarios. */
export interface TrialsCommand {
  /** Such as `pnpm faults`. */
  readonly usage: string;
  readonly about: string;
  /** How long all of them take, for `--help`. */
  readonly durations: { readonly small: string; readonly full: string };
  readonly scenarios: readonly Scenario[];
  /** What is not on this machine; undefined: nothing. */
  readonly missing: string | undefined;
}

/** Runs the scenarios that the command line names, prints what came of them, and sets the exit code. */
export async function runTrials(command: TrialsCommand): Promise<void> {
  // What a scenario waits for may keep no process alive by itself.
  const alive = setInterval(() => undefined, 60_000);
  try {
    process.exitCode = await main(command);
  } catch (error) {
    tellProgress(`${error instanceof Error ? error.message : String(error)}; --help tells more`);
    process.exitCode = 2;
  } finally {
    clearInterval(alive);
  }
}

function helpOf({ usage, about, durations, scenarios }: TrialsCommand): string {
  return `${about}

Usage: ${usage} [--scenario <name>]... [--rounds <n>] [--small] [--json]

  --scenario <name>  only this one; may be given several times
  --rounds <n>       how often each thing happens; default by scenario
  --small            as the tests run them: ${durations.small} for all, instead of ${durations.full}
  --json             figures as JSON on standard output
  --help             this text

Exit code: 0, 1 where a promise is broken, 2 where the call makes no sense or something is not installed.

Scenarios:
${scenarios.map((each) => `  ${each.name.padEnd(12)} ${each.about}`).join('\n')}`;
}

/** What came of one scenario. */
interface Outcome extends Report {
  readonly name: string;
  readonly seconds: number;
}

async function attempt({ name, about, run }: Scenario, isSmall: boolean, rounds: number | undefined): Promise<Outcome> {
  tellProgress(`${name}: ${about}`);
  const since = performance.now();
  const report = await run(isSmall ? 'small' : 'full', (line) => tellProgress(`  ${line}`), rounds).catch((error: unknown) => ({
    figures: {},
    broken: [`did not come to its end: ${String(error)}`],
  }));
  return { name, seconds: Math.round((performance.now() - since) / 1000), figures: report.figures, broken: report.broken };
}

function show({ name, seconds, figures, broken }: Outcome): void {
  say(`\n${name} (${seconds} s)`);
  const width = Math.max(0, ...Object.keys(figures).map((figure) => figure.length));
  for (const [figure, value] of Object.entries(figures)) say(`  ${figure.padEnd(width)}  ${value}`);
  for (const promise of broken) say(`  BROKEN  ${promise}`);
}

/** @returns the exit code */
async function main(command: TrialsCommand): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      small: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(helpOf(command));
    return 0;
  }
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const unknown = values.scenario.filter((name) => !command.scenarios.some((each) => each.name === name));
  if (unknown.length > 0) throw new TypeError(`no such scenario: ${unknown.join(', ')}`);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1)) throw new TypeError('--rounds takes a whole number of at least 1');
  if (command.missing !== undefined) throw new TypeError(`${command.missing} is not on this machine`);
  const wanted = command.scenarios.filter(({ name }) => values.scenario.length === 0 || values.scenario.includes(name));
  const outcomes: Outcome[] = [];
  for (const each of wanted) outcomes.push(await attempt(each, values.small, rounds));
  const broken = outcomes.flatMap((outcome) => outcome.broken);
  if (values.json) say(JSON.stringify(outcomes, null, 2));
  else {
    for (const outcome of outcomes) show(outcome);
    say(`\n${outcomes.length} scenarios, ${broken.length} promises broken`);
  }
  return broken.length === 0 ? 0 : 1;
}
