import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../database.ts';
import { holding, sample } from '../../testing/sample.ts';

const source = (file: string): string => new URL(file, import.meta.url).href;

/** Inserts pairs of rows as fast as it can, and prints a number once its transaction was acknowledged. */
const writerProgram = `
const [, url, database, samples] = process.argv;
const { openDatabase } = await import(database);
const { holding, sample, sampleRow, samples: all } = await import(samples);
const db = await openDatabase(url);
await db.migrate(all);
let next = 0n;
const one = async () => {
  for (;;) {
    const id = next++;
    await db.transaction(async (session) => {
      await session.dao(sample).insert(sampleRow(id));
      await session.dao(holding).insert({ bag: id, slot: 'a', owner: id, quantity: 1n });
    });
    process.stdout.write(id + '\\n');
  }
};
await Promise.all(Array.from({ length: 16 }, one));
`;

test('what was acknowledged before a kill -9 is there afterwards, and nothing by halves', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-durable-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const url = `sqlite:${folder}/durable.db`;
  const child = spawn(
    process.execPath,
    ['--conditions=@midgard/source', '--input-type=module', '-e', writerProgram, url, source('../../database.ts'), source('../../testing/sample.ts')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.split('\n').length > 300) child.kill('SIGKILL');
  });
  await exited;
  const acknowledged = printed
    .slice(0, printed.lastIndexOf('\n'))
    .split('\n')
    .filter((line) => line !== '')
    .map(BigInt);
  expect(acknowledged.length, errors).toBeGreaterThan(200);

  const database = await openDatabase(url);
  onTestFinished(() => database.close());
  const [found, ids, bags] = await database.read(
    async (session) =>
      [
        await session.dao(sample).getMany(acknowledged),
        (await session.dao(sample).find()).map((row) => row.id),
        (await session.dao(holding).find()).map((row) => row.bag),
      ] as const,
  );
  expect(found.map((row) => row.id)).toEqual(acknowledged);
  expect(bags).toEqual(ids);
}, 30_000);
