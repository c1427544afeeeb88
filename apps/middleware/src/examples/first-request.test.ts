import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ServiceProcess } from '../testing/service-process.ts';

const program = fileURLToPath(new URL('./first-request.ts', import.meta.url));
const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');

function withoutIds(text: string): string {
  return text.replaceAll(/'\d{10,}'/g, '<id>');
}

test('the README shows the first program as it is', () => {
  expect(readme).toContain(readFileSync(program, 'utf8').trim());
});

test('the first program prints what the README says', { timeout: 60_000 }, async () => {
  await using service = new ServiceProcess();
  const { key, tcpPort } = await service.start();
  const env = { PATH: process.env['PATH'], MIDGARD_SERVER_TCP_PORT: String(tcpPort) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@midgard/source', program, key], { env });
  expect(withoutIds(readme)).toContain(withoutIds(stdout.trim()));
});
