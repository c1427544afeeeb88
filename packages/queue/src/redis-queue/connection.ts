import { Redis } from 'ioredis';
import { QueueError } from '../errors.ts';

// Between two tries to connect; long enough not to storm a Redis that starts, short enough that work goes on soon after.
const firstRetryMs = 100;
const maxRetryMs = 2000;
// A worker waits up to 10 s for a job on a silent connection (BullMQ's bound), so only longer silence means a dead one.
const maxSilenceMs = 15_000;

/** Makes connections to one Redis, and cleans its errors of the password that is in the URL. */
export class RedisAddress {
  readonly #url: string;
  readonly #secrets: readonly string[];

  /**
   * @param url `redis://` or, for TLS, `rediss://`, with user, password and database where needed
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`: not such a URL; the message does not repeat it
   */
  constructor(url: string) {
    const parsed = URL.parse(url);
    if (parsed === null || !['redis:', 'rediss:'].includes(parsed.protocol)) {
      throw new QueueError('ERR_QUEUE_OPTIONS', 'url must be redis://host:port or rediss://host:port, with user:password@ and /database where needed');
    }
    this.#url = url;
    this.#secrets = [parsed.password, decoded(parsed.password)].filter((secret) => secret !== '');
  }

  /** For asking: what cannot be answered now or within the time fails, and is not sent again behind the caller's back. */
  connectToAsk(timeoutMs: number): Redis {
    const giveUp = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: timeoutMs, connectTimeout: timeoutMs };
    // Without a listener ioredis prints what fails; it reaches whoever asked by the question that failed.
    return new Redis(this.#url, { ...giveUp, lazyConnect: true, retryStrategy }).on('error', () => undefined);
  }

  /** For a worker: commands wait until Redis is back, however long that takes. */
  connectToWork(): Redis {
    return new Redis(this.#url, { maxRetriesPerRequest: null, socketTimeout: maxSilenceMs, retryStrategy });
  }

  /** The same error without the password, and without the command, whose arguments ioredis hangs on: they may be those of AUTH. */
  clean(error: unknown): Error {
    const message = error instanceof Error ? error.message : String(error);
    return new Error(this.#secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message));
  }
}

function retryStrategy(times: number): number {
  return Math.min(times * firstRetryMs, maxRetryMs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
