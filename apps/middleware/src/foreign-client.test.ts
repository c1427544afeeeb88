import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ServiceProcess } from './testing/service-process.ts';

const program = fileURLToPath(new URL('./testing/foreign-client.py', import.meta.url));

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasPython())(
  'a client written from the protocol page alone, in Python, passes every check (skipped without python3)',
  { timeout: 180_000 },
  async () => {
    await using service = new ServiceProcess();
    const { tcpPort, baseUrl, key } = await service.start();
    const { stdout } = await promisify(execFile)('python3', [
      program,
      '--host',
      '127.0.0.1',
      '--port',
      String(tcpPort),
      '--http',
      baseUrl,
      '--key',
      key,
      '--game',
      '2',
    ]).catch((failure: { stdout: string }) => failure);
    expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed/);
  },
);
