import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import process from 'node:process';
import { expect, test } from 'vitest';
import { z } from 'zod';

const program = fileURLToPath(new URL('test/blocked-program.ts', import.meta.url));
const Line = z.looseObject({ msg: z.string(), blockedMs: z.number(), stack: z.array(z.string()) });

test('what blocks the event loop for too long is logged with its stack, and the program goes on', async () => {
  // In a process of its own: a debugger reaches the main thread alone.
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@midgard/source', program]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const told = lines.map((line) => Line.parse(JSON.parse(line))).filter(({ stack }) => stack.some((frame) => frame.includes('grindSlowly')));
  expect(told).toHaveLength(1);
  expect(told[0]?.msg).toBe('the event loop was blocked');
  expect(told[0]?.blockedMs).toBeGreaterThan(500);
  expect(told[0]?.stack[0]).toMatch(/^grindSlowly \(file:.*blocked-program\.ts:\d+:\d+\)$/);
  expect(stdout).toMatch(/^midgard_event_loop_blockages_total [1-9]/m);
});
