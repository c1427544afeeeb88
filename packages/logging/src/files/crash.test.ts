import { expect, test } from 'vitest';
import { LogFolder } from '../test/log-folder.ts';
import { WriterProcess } from '../test/writer-process.ts';

test('a process that is killed keeps all lines that were in their file, the later ones in order without a gap, and no half line but the last', async () => {
  using folder = new LogFolder();
  await using writer = new WriterProcess(folder.path, 'flood');
  await expect.poll(() => writer.in('first').length).toBe(1);
  await expect.poll(() => folder.lines('service').length).toBeGreaterThan(3000);
  await writer.end('SIGKILL');
  const lines = folder.lines('service');
  const whole = folder.files('service').every((name) => folder.text(name).endsWith('\n')) ? lines : lines.slice(0, -1);
  const numbers = whole.map((line) => JSON.parse(line)).map(({ n, msg }) => (msg === 'first' ? n : 999 + n));
  expect(numbers).toEqual(Array.from({ length: whole.length }, (_, n) => n));
});

test('what is logged before a fatal line, and it, are in their files though the process aborts', async () => {
  using folder = new LogFolder();
  await using writer = new WriterProcess(folder.path, 'fatal');
  await writer.ended();
  expect(folder.messages('service')).toHaveLength(1000);
  expect(folder.messages('error')).toEqual(['the end']);
  expect(writer.errors).toContain('"msg":"the end"');
});
