export { findRedis, redisForTests, RedisServer, startRedis, type RedisSettings, type TestRedis } from './redis-server.ts';
export { RedisCluster, startRedisCluster } from './redis-cluster.ts';
export { startRedisSentinel, type RedisSentinel } from './redis-sentinel.ts';
export { startTlsRedis, type TlsRedis } from './redis-tls.ts';
export { startTcpProxy, TcpProxy } from './tcp-proxy.ts';
export { until } from './until.ts';
