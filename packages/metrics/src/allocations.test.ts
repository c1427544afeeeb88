import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('ten million calls of each kind allocate nothing, and nothing stays of labels beyond the limit', async () => {
  const program = fileURLToPath(new URL('test/allocations.ts', import.meta.url));
  const { stdout } = await run(process.execPath, ['--conditions=@midgard/source', '--expose-gc', program]);
  const said: { readonly bytes: Readonly<Record<string, number>>; readonly kept: number } = JSON.parse(stdout);
  const { 'an object': control, ...bytes } = said.bytes;
  // The smallest thing that V8 allocates has eight bytes; so it is seen if one call in a hundred makes one.
  for (const [name, each] of Object.entries(bytes)) expect(each, name).toBeLessThan(0.08);
  expect(Object.keys(bytes)).toHaveLength(7);
  expect(control).toBeGreaterThan(8);
  // An entry of a Map has some twenty, besides its key.
  expect(said.kept).toBeLessThan(5);
});
