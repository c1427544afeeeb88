import { type KeyWrapper, localKeyWrapper } from '@midgard/dao';
import type { SpanPart } from '@midgard/server';
import { expect, test } from 'vitest';
import { followedKeys } from './followed-keys.ts';

const service: KeyWrapper = {
  id: 'kms-1',
  wrap: (key) => Promise.resolve(key),
  unwrap: () => Promise.reject(Object.assign(new Error('a secret reason'), { code: 'ERR_KMS_AWAY' })),
};
const key = new Uint8Array(32).fill(7);

test('questions to a key service are told of with what came of them, and without the key', async () => {
  const told: SpanPart[] = [];
  const { keyWrapper } = followedKeys({ keyWrapper: service }, (part) => void told.push(part));
  expect(await keyWrapper.wrap(key, 'context')).toEqual(key);
  await expect(keyWrapper.unwrap(key, 'context')).rejects.toMatchObject({ code: 'ERR_KMS_AWAY' });
  expect(told).toMatchObject([
    { name: 'wrap data key', kind: 'client', attributes: { 'midgard.key_wrapper': 'kms-1' } },
    { name: 'unwrap data key', error: 'ERR_KMS_AWAY', attributes: { 'error.type': 'ERR_KMS_AWAY' } },
  ]);
  expect(JSON.stringify(told)).not.toMatch(/secret reason|context/);
});

test('a key of this machine asks nobody, and without tracing nothing is followed', () => {
  const local = localKeyWrapper(key);
  expect(followedKeys({ keyWrapper: local, formerKeyWrappers: [local] }, () => undefined)).toMatchObject({ keyWrapper: local, formerKeyWrappers: [local] });
  expect(followedKeys({ keyWrapper: service }, undefined).keyWrapper).toBe(service);
});
