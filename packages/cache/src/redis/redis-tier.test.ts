import { redisForTests } from '@midgard/test-services';
import { afterAll, describe, test } from 'vitest';
import { redisConformance } from '../test/redis-tiers.ts';

const redis = await redisForTests();
afterAll(() => ('url' in redis ? redis.remove() : undefined));
const url = 'url' in redis ? redis.url : '';

describe.skipIf('missing' in redis)('RedisTier keeps the promises of a tier', () => {
  test.each(redisConformance({ url }))('$name', ({ run }) => run());
});
