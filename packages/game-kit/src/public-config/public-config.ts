import { createHash } from 'node:crypto';
import type { JsonValue } from '@midgard/errors';
import { GameKitError } from '../game-kit-error.ts';
import type { ConfigDocument, Freshness } from './config-document.ts';

/** A document as it is now; a change makes another one. */
export interface PublishedDocument {
  readonly name: string;
  /** As JSON in UTF-8; not to be changed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names these bytes: 22 characters of base64url, 132 bits of their SHA-256. */
  readonly hash: string;
  readonly freshness: Freshness;
}

/** Told of a document that is another one from now on. Called at once, so it must be quick; it must not throw. */
export type PublicConfigListener = (document: PublishedDocument) => void;

/**
 * The public configuration of a running game: JSON documents by name, the same for everybody, each known by the hash of its bytes.
 *
 * What a document is called and how long it may be kept was said where the game was defined; what stands in it may be replaced while
 * the game runs. A front end serves it, and a purge of a CDN follows its changes.
 *
 * @example
 * ```ts
 * import { configDocument, PublicConfig } from '@midgard/game-kit';
 *
 * const config = new PublicConfig({ items: configDocument({ sword: { damage: 7 } }) });
 * await config.load();
 * config.subscribe(({ name, hash }) => console.log(`${name} is ${hash} now`));
 * config.replace('items', { sword: { damage: 8 } });
 * ```
 */
export class PublicConfig {
  readonly #definitions: ReadonlyMap<string, ConfigDocument>;
  readonly #published = new Map<string, PublishedDocument>();
  readonly #listeners = new Set<PublicConfigListener>();
  #documents: readonly PublishedDocument[] = [];

  /** @param documents of the game's definition */
  constructor(documents: Readonly<Record<string, ConfigDocument>>) {
    this.#definitions = new Map(Object.entries(documents));
  }

  /** The names that were defined, in their order, whether loaded or not. */
  get names(): readonly string[] {
    return [...this.#definitions.keys()];
  }

  /** All documents, in the order of their definition. Another array after each change, and the same one as long as there is none. */
  get documents(): readonly PublishedDocument[] {
    return this.#documents;
  }

  /** The document of that name; undefined where there is none, or before {@link load}. O(1). */
  get(name: string): PublishedDocument | undefined {
    return this.#published.get(name);
  }

  /**
   * Loads every document.
   *
   * @throws {GameKitError} `ERR_GAME_CONFIG`: one could not be loaded, or is no JSON; then none is changed
   */
  async load(): Promise<void> {
    const loaded = await Promise.all([...this.#definitions].map(([name, definition]) => loadOne(name, definition)));
    for (const document of loaded) this.#publish(document);
  }

  /**
   * Puts another value in the place of a document's.
   *
   * @returns false where it is the same, byte for byte, so that nobody is told
   * @throws {GameKitError} `ERR_GAME_CONFIG`: no document has this name, or the value is no JSON
   */
  replace(name: string, value: JsonValue): boolean {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new GameKitError('ERR_GAME_CONFIG', `the game has no public document "${name}"`);
    return this.#publish(published(name, value, definition));
  }

  /** @returns ends it */
  subscribe(listener: PublicConfigListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #publish(document: PublishedDocument): boolean {
    if (this.#published.get(document.name)?.hash === document.hash) return false;
    this.#published.set(document.name, document);
    this.#documents = this.names.flatMap((name) => this.#published.get(name) ?? []);
    for (const listener of this.#listeners) listener(document);
    return true;
  }
}

async function loadOne(name: string, definition: ConfigDocument): Promise<PublishedDocument> {
  try {
    return published(name, await definition.load(), definition);
  } catch (cause) {
    if (cause instanceof GameKitError) throw cause;
    throw new GameKitError('ERR_GAME_CONFIG', `the public document "${name}" could not be loaded`, { cause });
  }
}

function published(name: string, value: JsonValue, { freshness }: ConfigDocument): PublishedDocument {
  const bytes = new TextEncoder().encode(jsonOf(name, value));
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { name, bytes, hash, freshness };
}

/** A type may be lied to: what comes out of a file or a database is whatever it is. */
function jsonOf(name: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new GameKitError('ERR_GAME_CONFIG', `the public document "${name}" is no JSON`, { cause });
  }
  if (text === undefined) throw new GameKitError('ERR_GAME_CONFIG', `the public document "${name}" is no JSON`);
  return text;
}
