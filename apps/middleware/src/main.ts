#!/usr/bin/env node
import process from 'node:process';
import { explainFailure } from './cli/explain-failure.ts';
import { readSettings } from './config.ts';
import { setYoungGeneration, youngGenerationFlag } from './memory/young-generation.ts';

try {
  // Before anything heavy is loaded, because it starts this process anew; what that one is started with tells it not to look again.
  const isStart = process.argv.slice(2).join(' ') === 'start';
  if (isStart && youngGenerationFlag(process) === undefined) setYoungGeneration(readSettings().config.memory.youngGenerationMb, process);
  const { program } = await import('./cli/program.ts');
  await program().parseAsync();
  // A pipe takes 64 kB at a time, and what it has not taken would be lost with the process.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  // What is left open now, such as an idle keep-alive socket, must not hold a finished command back.
  process.exit();
} catch (error) {
  const { message, exitCode } = explainFailure(error);
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
