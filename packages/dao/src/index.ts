/** Entities defined once, and typed access to their rows. */
export { sql, type SQL } from 'drizzle-orm';
export { changeName } from './change-name.ts';
export type { Clock } from './clock.ts';
export { Column, bool, bytes, createdAt, decimal, id, int, int64, json, text, timestamp, updatedAt, version } from './column.ts';
export type { ColumnKind, ColumnSecrecy, ColumnTraits, EncryptableKind, InsertMode, JsonValue, ManagedRole, SearchableKind } from './column.ts';
export type { Comparisons, Conditions, EqualityComparisons, TextComparisons } from './conditions.ts';
export type { Dao, FindQuery, Increments, LockOptions, Page, PageQuery, VersionedRow, VersionOptions } from './dao.ts';
export { openDatabase } from './database.ts';
export type {
  DaoListener,
  Database,
  DatabaseOptions,
  Isolation,
  ReadOptions,
  RowChange,
  Session,
  StatementEvent,
  StatementKind,
  StatementListener,
  TransactionOptions,
  WorkOptions,
} from './database.ts';
export type { BreakerState } from './connections/circuit-breaker.ts';
export type { ConnectionPoolBounds } from './connections/connection-pool-options.ts';
export type { ReadOptions as ReplicaReads } from './connections/connections.ts';
export type { ReturnOptions } from './connections/failover.ts';
export type { ConnectionsListener, FallbackReason, ReplicaTrouble, ServerEvent, ServerRole } from './connections/listener.ts';
export type { Freshness } from './connections/read-your-writes.ts';
export type { ServerState, ServerUsage } from './connections/usage.ts';
export type {
  DatabaseEncryption,
  DataKeyStatus,
  EncryptionStatus,
  RotateOptions,
  RotationProgress,
  RotationReport,
  SealedCount,
} from './encryption/database-encryption.ts';
export { type KeyWrapper, localKeyWrapper } from './encryption/key-wrapper.ts';
export type { EncryptionOptions } from './encryption/options.ts';
export { defineEntity } from './entity.ts';
export type { ColumnMap, Entity, EntityDefinition, Index, KeyKind, KeyOf, NewRow, Partition, Patch, Row } from './entity.ts';
export { DaoError } from './errors.ts';
export type { DaoErrorCode, DaoErrorOptions } from './errors.ts';
export { checkNewRow } from './rows.ts';
export { IdGenerator, firstIdAt } from './id-generator.ts';
export type { AppliedFile, ApplyOptions } from './migrations/apply.ts';
export type { DdlDialect } from './migrations/ddl.ts';
export { generateMigration } from './migrations/generate.ts';
export type { GenerateOptions } from './migrations/generate.ts';
export type { PartitionOptions } from './migrations/partitions.ts';
export type { AgeOptions, CachedQuery, QueryCache } from './query-cache.ts';
export { normalizedStatement } from './statements/normalize.ts';
export { openShardedDatabase, ShardedDatabase } from './sharding/sharded-database.ts';
export type { ShardedDatabaseOptions, ShardedReadOptions, ShardedTransactionOptions } from './sharding/sharded-database.ts';
export { parseShardMap } from './sharding/shard-map.ts';
export type { ShardDefinition, ShardMap } from './sharding/shard-map.ts';
export type { ShardKey } from './sharding/shard-key.ts';
export type { OpenShard } from './sharding/shards.ts';
export type { MoveReport, ReshardOptions } from './sharding/resharding/reshard.ts';
