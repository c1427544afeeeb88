import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Config, configSchema } from '../config-schema.ts';
import { makeKek } from './kek.ts';
import { encryptionOptions } from './key-wrappers.ts';

function configOf(encryption: object): Config {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'midgard-kek-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return configSchema.parse({ dataDir, encryption });
}

const notRandom = Buffer.alloc(32, 'a secret').toString('base64url');
const kms = new URL('../testing/kms-double.ts', import.meta.url).href;

test.each<[string, object, string]>([
  ['two keys', { kek: makeKek(), keyWrapper: kms }, 'set one of encryption.kek, encryption.kekFile and encryption.keyWrapper'],
  ['a key that is too short', { kek: 'a-secret-key' }, 'encryption.kek: not 32 bytes'],
  ['a key that is no base64url', { kek: `${'a'.repeat(42)}!` }, 'encryption.kek: not 32 bytes'],
  ['a key that is not random', { kek: notRandom }, 'encryption.kek: not random'],
  ['a key that stands in a standard', { kek: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' }, 'encryption.kek is printed in a standard'],
  ['a former key that is a placeholder', { formerKeks: ['change-me_abcdefghijklmnopqrstuvwxyz0123456'] }, 'encryption.formerKeks is a placeholder'],
  ['a former key that is none', { formerKeks: ['a-secret-key'] }, 'encryption.formerKeks: not 32 bytes'],
  ['a file that is not there', { kekFile: '/nowhere/kek' }, 'encryption.kekFile: the file cannot be read'],
  ['a package that is not there', { keyWrapper: '@midgard/nowhere' }, 'encryption.keyWrapper: @midgard/nowhere cannot be loaded'],
  ['a package that is no wrapper', { keyWrapper: 'node:path' }, 'encryption.keyWrapper: the default export of node:path is no KeyWrapper'],
])('%s is refused with what to set, and without the key', async (_title, encryption, message) => {
  const refused = await encryptionOptions(configOf(encryption), false).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'ERR_SETUP_SECRET', message: expect.stringContaining(message) });
  expect(String(refused)).not.toMatch(new RegExp(`a-secret-key|nWGxne|change-me|${notRandom}`));
});

test('outside production a key is made once and kept; in production a missing one is refused', async () => {
  const config = configOf({});
  const { keyWrapper } = await encryptionOptions(config, false);
  expect((await encryptionOptions(config, false)).keyWrapper.id).toBe(keyWrapper.id);
  const saved = readFileSync(path.join(config.dataDir, 'development-kek'), 'utf8').trim();
  expect((await encryptionOptions(configOf({ kek: saved }), true)).keyWrapper.id).toBe(keyWrapper.id);
  await expect(encryptionOptions(configOf({}), true)).rejects.toMatchObject({ code: 'ERR_SETUP_SECRET' });
});

test('keys of before unwrap what they have wrapped, whatever they came from', async () => {
  const config = configOf({ kek: makeKek(), formerKeks: [makeKek()], formerKeyWrappers: [kms] });
  process.env['KMS_DOUBLE_KEY'] = randomBytes(32).toString('hex');
  onTestFinished(() => void Reflect.deleteProperty(process.env, 'KMS_DOUBLE_KEY'));
  const { formerKeyWrappers = [] } = await encryptionOptions(config, true);
  expect(formerKeyWrappers.map(({ id }) => id)).toEqual([expect.stringMatching(/^local-/), 'kms-double/players']);
  const key = randomBytes(32);
  for (const wrapper of formerKeyWrappers) expect(Buffer.from(await wrapper.unwrap(await wrapper.wrap(key, 'a'), 'a')).equals(key)).toBe(true);
});
