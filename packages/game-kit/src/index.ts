export { read, write, writeBehind, pathParameters } from './define-operation.ts';
export type {
  AuditRule,
  AuditSubject,
  Awaitable,
  CacheRule,
  ChangesRule,
  EntityKey,
  Idempotency,
  InputSchema,
  Operation,
  OperationOf,
  OperationTypes,
  OwnerPolicy,
  ReadDefinition,
  ReadsRule,
  WriteBehindDefinition,
  WriteDefinition,
  WriteOperationOf,
} from './operation.ts';
export { defineGame } from './define-game.ts';
export {
  CONTRACT_VERSION,
  type GameDefinition,
  type GameCheck,
  type GameHandler,
  type GameManifest,
  type Hooks,
  type ExternalAccount,
  type LoginCredentials,
} from './game.ts';
export { configDocument, type ConfigDocument, type Freshness } from './public-config/config-document.ts';
export { PublicConfig, type PublicConfigListener, type PublishedDocument } from './public-config/public-config.ts';
export { GameKitError, type GameKitErrorCode } from './game-kit-error.ts';
export type { GameContext, GameLog, IdSource, Preparation, Source, Work } from './context.ts';
export type { Clock } from './clock.ts';
export { GameRuntime } from './runtime/game-runtime.ts';
export type { CallOrigin, ExecuteRequest, GameRuntimeOptions, RuntimeListener } from './runtime/runtime-options.ts';
export { Deferral } from './write-behind/deferred-change.ts';
export type { EventFollower, Following, GameEvent, GameEvents } from './events/game-event.ts';
export type { RevocationSink } from './revocations/revocation-feed.ts';
export type { Timers } from './write-behind/timers.ts';
export type { WriteBehindFigures, WriteBehindOptions, WriteLog } from './write-behind/write-behind.ts';
export type { HeldAnswer } from './runtime/held-answer.ts';
export type { CachePolicies, CachePolicy } from './runtime/cache-policy.ts';
export { entryKey, entryParts, type AnswerCache, type ReadCacheOptions } from './runtime/read-cache.ts';
export { AuditTrail, type AuditTrailOptions } from './audit/audit-trail.ts';
export type { AuditOptions } from './audit/operation-audit.ts';
export { withoutSecrets } from './audit/changed-rows.ts';
export { Checkpoints, type CheckpointsOptions, type CheckpointSink } from './audit/checkpoints.ts';
export { type AuditReport, entryOf, verifyAudit, type VerifyAuditOptions } from './audit/verify-audit.ts';
export { pruneAudit, type PruneAuditOptions, type PrunedChain } from './audit/prune-audit.ts';
export { type AuditSearch, searchAudit } from './audit/search-audit.ts';
export { auditEntities, auditEntry } from './entities/audit.ts';
export { ownerCheck, type OwnerCheck } from './runtime/owner.ts';
export { parseInput, type ParsedInput } from './runtime/validate.ts';
export type { LedgerReport, LedgerViolation } from './ledger-report.ts';
export { standardOperations, type StandardOperation, type StandardOptions } from './operations/index.ts';
export { page } from './operations/page.ts';
export { standardEntities } from './entities/index.ts';
export { Player, player, PlayerStatus } from './entities/player.ts';
export { Character, character } from './entities/character.ts';
export { Item, item, itemEntry } from './entities/item.ts';
export { Wallet, wallet, WalletEntry, walletEntry, WalletPosting } from './entities/wallet.ts';
export { gameOrder, Order, OrderState } from './entities/order.ts';
export type { PlayerRow, NewPlayer, Players } from './repositories/players.ts';
export type { CharacterRow, Characters, NewCharacter } from './repositories/characters.ts';
export type { ItemRow, Items } from './repositories/items.ts';
export type { Posted, Wallets } from './repositories/wallets.ts';
export type { NewOrder, OrderRow, Orders } from './repositories/orders.ts';
export type { LoggedIn, Logins, TokenIssuer } from './repositories/logins.ts';
export { invalidInput, invalidTransition, notFound, type InputIssue } from './refusals.ts';
export { Amount, AmountOrZero, AmountText, ExpectedVersion, Id, IdText, Int, MAX_INT64, queryInt } from './wire/numbers.ts';
export { IdempotencyKey, Name, Reason, slug, text } from './wire/text.ts';
export { JsonObject, JsonObjectText, type JsonRecord } from './wire/json.ts';
export { Timestamp, TimestampInput } from './wire/time.ts';
export { Cursor, Limit, listOf, paging } from './wire/list.ts';
// What a game needs of the floors below, since it imports this package alone.
export { bool, bytes, createdAt, decimal, defineEntity, id, int, int64, json, sql, text as textColumn, timestamp, updatedAt, version } from '@midgard/dao';
export type { Entity, KeyOf, LockOptions, NewRow, Patch, Row, Session } from '@midgard/dao';
export { MidgardError, type ErrorName, type JsonValue } from '@midgard/errors';
export type { Principal } from '@midgard/auth';
