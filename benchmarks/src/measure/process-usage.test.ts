import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { expect, test } from 'vitest';
import { openFiles, processCount, usageOf } from './process-usage.ts';

/** Starts another of its kind, and says so. */
const parent = `
  const { spawn } = require('node:child_process');
  spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)'], { stdio: ['ignore', 'inherit', 'inherit'] });
`;

test('a process is counted with those that it started', async () => {
  const child = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await once(child.stdout, 'data');
  const { pid = 0 } = child;
  expect(processCount(pid)).toBe(2);
  expect(usageOf(pid).memoryBytes).toBeGreaterThan(2 ** 21);
  expect(usageOf(pid).cpuMs).toBeGreaterThan(0);
  expect(openFiles(pid)).toBeGreaterThan(6);
  // The whole group.
  process.kill(-pid);
  await once(child, 'exit');
});
