import { ConfigError } from '@midgard/config';
import type { Logger } from '@midgard/logging';
import type { Config } from './config-schema.ts';

/** A part of the service that takes up settings while it runs. */
export interface Reloadable {
  /** Of its settings, for the log. */
  readonly name: string;
  /**
   * Checks what a configuration has for this part, and changes nothing.
   *
   * @returns what takes it up, at once in its synchronous part, and cannot fail; undefined where it has nothing new
   * @throws what is wrong with it
   */
  prepare(config: Config): (() => void | Promise<void>) | undefined;
}

/** What of a configuration is taken up, once it is known to be good for every part. */
export interface PreparedReload {
  /** Names of the parts that have something new. */
  readonly changed: readonly string[];
  /** And of all that can. */
  readonly of: readonly string[];
  /** Takes it up: at once in its synchronous part. */
  takeUp(): Promise<void>;
}

/**
 * Has every part check a configuration, and changes nothing.
 *
 * @throws what is wrong with it for one of them
 */
export function prepareReload(parts: readonly Reloadable[], config: Config): PreparedReload {
  const changes = parts.flatMap((part) => {
    const takeUp = part.prepare(config);
    return takeUp === undefined ? [] : [{ name: part.name, takeUp }];
  });
  return {
    changed: changes.map(({ name }) => name),
    of: parts.map(({ name }) => name),
    takeUp: async () => {
      await Promise.all(
        changes.map(async ({ takeUp }) => {
          await takeUp();
        }),
      );
    },
  };
}

/**
 * Takes up a configuration while the service runs: all parts or, where it is faulty for one of them, none.
 *
 * @param read reads the configuration
 */
export async function reloadConfig(read: () => { readonly config: Config }, parts: readonly Reloadable[], log: Logger): Promise<void> {
  const prepared = attempt(() => prepareReload(parts, read().config), log);
  if (prepared === undefined) return;
  const done = prepared.takeUp();
  reloadTaken({ changed: prepared.changed, of: prepared.of }, log);
  await done;
}

/** Says which parts took up something new. */
export function reloadTaken(settings: object, log: Logger): void {
  log.info(settings, 'the configuration was read anew; settings of other parts count from the next start');
}

/** Says what was wrong with a configuration that was not taken up. */
export function reloadFailed(error: unknown, log: Logger): void {
  const reasons = error instanceof ConfigError ? error.issues.map(({ path, message }) => `${path}: ${message}`) : [];
  log.error(reasons.length > 0 ? { reasons } : { err: error }, 'the configuration is faulty: everything stays as it was');
}

function attempt<T>(prepare: () => T, log: Logger): T | undefined {
  try {
    return prepare();
  } catch (error) {
    reloadFailed(error, log);
    return undefined;
  }
}
