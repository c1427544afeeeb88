export { queueConformance, type QueueConformanceCase } from './queue-conformance.ts';
export { parseTestData, type QueueUnderTest, type TestData } from './queue-under-test.ts';
export { findRedis, RedisServer, redisForTests, startRedis, type RedisSettings, type TestRedis } from './redis-server.ts';
