#!/usr/bin/env node
import process from 'node:process';
import { explainFailure } from './cli/explain-failure.ts';
import { program } from './cli/program.ts';

try {
  await program().parseAsync();
  // What is left open now, such as an idle keep-alive socket, must not hold a finished command back.
  process.exit();
} catch (error) {
  const { message, exitCode } = explainFailure(error);
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
