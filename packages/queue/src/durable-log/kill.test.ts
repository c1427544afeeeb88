import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DurableLog } from './durable-log.ts';

/** MIDGARD_KILLS=200 for the long run; each takes about a fifth of a second. */
const kills = Number(process.env['MIDGARD_KILLS'] ?? 40);
const lanes = 4;
const writer = path.join(import.meta.dirname, 'test/writer.ts');

/** Lets a process append until it is killed at a random moment; gives back what it was told is on disk. */
async function killedWriter(directory: string, life: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@midgard/source', writer, directory, String(life)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => Promise.reject(new Error('the writer ended by itself')))]);
  setTimeout(() => child.kill('SIGKILL'), Math.random() * 40);
  await once(child, 'close');
  // The last line may have been cut by the kill.
  return said.split('\n').slice(0, -1);
}

async function lane(number: number): Promise<number> {
  const directory = await mkdtemp(path.join(tmpdir(), 'midgard-kill-'));
  const acknowledged = new Map<number, string>();
  const ids = new Map<string, number>();
  try {
    for (let life = 0; life < kills / lanes; life += 1) {
      for (const line of await killedWriter(directory, life)) {
        const [sequence = '', id = ''] = line.split(' ');
        expect(acknowledged.has(Number(sequence))).toBe(false);
        acknowledged.set(Number(sequence), id);
      }
      await using log = await DurableLog.open({ directory, segmentBytes: 256 * 1024 });
      const { consumed, durable } = log.figures();
      expect(durable).toBeGreaterThanOrEqual(Math.max(...acknowledged.keys()));
      let last = consumed;
      for await (const { sequence, payload } of log.read()) {
        expect(sequence).toBe(++last);
        const id = payload.toString().split(' ', 1)[0]!;
        if (acknowledged.has(sequence) && acknowledged.get(sequence) !== id)
          throw new Error(`lane ${number}: record ${sequence} is ${id}, acknowledged was ${acknowledged.get(sequence)}`);
        if ((ids.get(id) ?? sequence) !== sequence) throw new Error(`lane ${number}: ${id} is there twice`);
        ids.set(id, sequence);
      }
      expect(last).toBe(durable);
    }
    return acknowledged.size;
  } finally {
    await rm(directory, { recursive: true });
  }
}

test(`after each of ${kills} kills at random moments every acknowledged record is there, once and in order`, { timeout: 300_000 }, async () => {
  const counts = await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  console.log(`${kills} kills, ${counts.reduce((sum, count) => sum + count, 0)} records acknowledged, none lost, none doubled`);
});
