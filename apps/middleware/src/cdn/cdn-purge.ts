import path from 'node:path';
import type { GameRuntime } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Registry } from '@midgard/metrics';
import { processTimers } from '@midgard/pool';
import { surrogateKey } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import { noteCall } from '../tracing/note-call.ts';
import type { NoteWork } from '../tracing/open-tracing.ts';
import { PurgeQueue } from './purge-queue.ts';
import { sendPurge } from './purge-request.ts';
import { ServedConfig } from './served-config.ts';

/** What {@link openCdnPurge} needs. */
export interface CdnPurgeParts {
  readonly config: Pick<Config, 'cdn' | 'dataDir' | 'instance'>;
  readonly runtimes: readonly Pick<GameRuntime, 'handler' | 'publicConfig'>[];
  readonly registry: Registry;
  readonly log: Logger;
  /** Follows the purges; default: nobody. */
  readonly note?: NoteWork | undefined;
}

/** Tells a CDN what it must not keep of the games' public configuration. */
export interface CdnPurge extends Disposable {
  /** To be called once the new documents can be fetched: tells of what changed since the CDN was last told, and from then on of each change. */
  start(): void;
}

/** @returns undefined where no CDN is configured */
export function openCdnPurge({ config, runtimes, registry, log, note }: CdnPurgeParts): CdnPurge | undefined {
  const { url, ...target } = config.cdn.purge;
  if (url === undefined) return undefined;
  // Of this instance alone: each serves its own version while instances are renewed one by one, and the last one's purge must not be left out.
  const served = new ServedConfig(path.join(config.dataDir, 'cdn', `served-${config.instance}.json`));
  const purged = registry.counter({ name: 'midgard_cdn_purged_keys_total', help: 'Surrogate keys that the CDN was told to purge' }).labels({});
  const failures = registry.counter({ name: 'midgard_cdn_purge_failures_total', help: 'Purges that the CDN did not take; they are repeated' }).labels({});
  const waiting = registry.gauge({ name: 'midgard_cdn_purge_waiting', help: 'Surrogate keys that the CDN is still to be told of' }).labels({});
  // Its path and query may hold a secret.
  const ofPurge = { 'http.request.method': 'POST', 'server.address': new URL(url).hostname };
  const parts = new DisposableStack();
  const queue = parts.use(
    new PurgeQueue({
      send: (keys, signal) => {
        const send = (): Promise<void> => sendPurge({ ...target, url }, keys, signal);
        return note === undefined ? send() : noteCall(note, { name: 'purge CDN', attributes: { ...ofPurge, 'midgard.keys': keys.length } }, send);
      },
      timers: processTimers,
      listener: {
        purged: (keys) => {
          purged.add(keys.length);
          remember(served, keys, runtimes, log);
          log.info({ keys }, 'the CDN was told of changed configuration');
        },
        failed: (keys, error, retryInMs) => {
          failures.add(1);
          log.error({ err: error, keys, retryInMs: Math.round(retryInMs) }, 'the CDN could not be told of changed configuration, and may serve the old one');
        },
      },
    }),
  );
  parts.defer(registry.onCollect(() => waiting.set(queue.waiting)));
  return {
    start: () => {
      queue.add(served.outdated(servedBy(runtimes)));
      for (const { handler, publicConfig } of runtimes) {
        const game = handler.manifest.id;
        parts.defer(publicConfig.subscribe(({ name }) => queue.add([surrogateKey(game, name), surrogateKey(game)])));
      }
    },
    [Symbol.dispose]: () => parts.dispose(),
  };
}

/** Each document's hash by its surrogate key; a game's list changes with any of them. */
function servedBy(runtimes: CdnPurgeParts['runtimes']): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const { handler, publicConfig } of runtimes) {
    const game = handler.manifest.id;
    const { documents } = publicConfig;
    for (const { name, hash } of documents) hashes.set(surrogateKey(game, name), hash);
    if (documents.length > 0) hashes.set(surrogateKey(game), documents.map(({ hash }) => hash).join(' '));
  }
  return hashes;
}

function remember(served: ServedConfig, keys: readonly string[], runtimes: CdnPurgeParts['runtimes'], log: Logger): void {
  const current = servedBy(runtimes);
  try {
    served.remember(keys.map((key) => [key, current.get(key)] as const));
  } catch (error) {
    log.warn({ err: error }, 'what the CDN was told could not be noted: the next start tells it again');
  }
}
