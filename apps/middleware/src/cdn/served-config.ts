import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivately } from '../private-file.ts';

const Served = z.record(z.string(), z.string());

/**
 * What a CDN may have of this instance: the hash of each document by its surrogate key, as the CDN was last told; kept in a file, so that a
 * restart purges what changed and nothing else.
 */
export class ServedConfig {
  readonly #file: string;
  readonly #hashes: Map<string, string>;

  /** @param file in the data folder; a missing or unreadable one counts as knowing nothing, and then everything is purged once */
  constructor(file: string) {
    this.#file = file;
    this.#hashes = new Map(Object.entries(read(file)));
  }

  /** The keys whose documents are not the ones that the CDN was told of, those included that are gone. */
  outdated(current: ReadonlyMap<string, string>): readonly string[] {
    return [...new Set([...current.keys(), ...this.#hashes.keys()])].filter((key) => this.#hashes.get(key) !== current.get(key));
  }

  /** The CDN was told of these. @param hash undefined: the document is gone */
  remember(entries: Iterable<readonly [key: string, hash: string | undefined]>): void {
    for (const [key, hash] of entries) {
      if (hash === undefined) this.#hashes.delete(key);
      else this.#hashes.set(key, hash);
    }
    writePrivately(this.#file, `${JSON.stringify(Object.fromEntries(this.#hashes), null, 2)}\n`);
  }
}

function read(file: string): Readonly<Record<string, string>> {
  if (!existsSync(file)) return {};
  try {
    return Served.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}
