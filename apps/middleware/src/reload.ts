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

/**
 * Makes what takes up a configuration while the service runs: all parts or, where it is faulty for one of them, none.
 *
 * @returns to be called with what reads the configuration
 */
export function configReload(parts: readonly Reloadable[], log: Logger): (read: () => { readonly config: Config }) => Promise<void> {
  return async (read) => {
    const changes = attempt(() => {
      const { config } = read();
      return parts.flatMap((part) => {
        const takeUp = part.prepare(config);
        return takeUp === undefined ? [] : [{ name: part.name, takeUp }];
      });
    }, log);
    if (changes === undefined) return;
    const done = changes.map(async ({ takeUp }) => {
      await takeUp();
    });
    const settings = { changed: changes.map(({ name }) => name), of: parts.map(({ name }) => name) };
    log.info(settings, 'the configuration was read anew; settings of other parts count from the next start');
    await Promise.all(done);
  };
}

function attempt<T>(prepare: () => T, log: Logger): T | undefined {
  try {
    return prepare();
  } catch (error) {
    const reasons = error instanceof ConfigError ? error.issues.map(({ path, message }) => `${path}: ${message}`) : [];
    log.error(reasons.length > 0 ? { reasons } : { err: error }, 'the configuration is faulty: everything stays as it was');
    return undefined;
  }
}
