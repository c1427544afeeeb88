import { QueueError } from '../errors.ts';

/** What a Redis may lack although it loses jobs then. */
export interface Allowances {
  /** Takes a Redis that evicts keys when its memory is full: it evicts jobs too. */
  readonly eviction?: boolean;
  /** Takes a Redis without append-only file: a restart loses what it had since its last snapshot, or everything. */
  readonly noAppendOnlyFile?: boolean;
}

/** What of a client of Redis is needed here. */
export interface Askable {
  info(): Promise<string>;
  config(subcommand: 'GET', name: string): Promise<unknown>;
}

/**
 * Refuses a Redis that loses jobs by its settings. Reads INFO, which a managed Redis answers too, and CONFIG only for what is not there.
 *
 * @throws {QueueError} `ERR_QUEUE_REDIS_POLICY`, `ERR_QUEUE_REDIS_DURABILITY`
 */
export async function checkServer(redis: Askable, allow: Allowances): Promise<void> {
  const info = await redis.info().catch(() => '');
  if (allow.eviction !== true) {
    const policy = field(info, 'maxmemory_policy') ?? (await setting(redis, 'maxmemory-policy'));
    if (policy !== 'noeviction') {
      const found = `maxmemory-policy is ${policy ?? 'not told by this Redis'}`;
      throw new QueueError('ERR_QUEUE_REDIS_POLICY', `${found} and must be noeviction, or jobs are lost when memory is full`);
    }
  }
  if (allow.noAppendOnlyFile !== true) {
    const isOn = { '1': 'yes', '0': 'no' }[field(info, 'aof_enabled') ?? ''] ?? (await setting(redis, 'appendonly'));
    if (isOn !== 'yes') {
      const found = `appendonly is ${isOn ?? 'not told by this Redis'}`;
      throw new QueueError('ERR_QUEUE_REDIS_DURABILITY', `${found} and must be yes, or jobs are lost when Redis restarts`);
    }
  }
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

async function setting(redis: Askable, name: string): Promise<string | undefined> {
  try {
    const answer: unknown = await redis.config('GET', name);
    const values: readonly unknown[] = Array.isArray(answer) ? answer.slice(1) : Object.values(answer ?? {});
    return typeof values[0] === 'string' ? values[0] : undefined;
  } catch {
    return undefined; // Managed servers refuse CONFIG.
  }
}
