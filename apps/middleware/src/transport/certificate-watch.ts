import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { TlsIdentity } from '@midgard/server';
import { SetupError } from '../setup-error.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import type { TlsConfig } from './transport-schema.ts';

/** What a {@link CertificateWatch} tells of. */
export interface CertificateEvents {
  readonly onRenewed: (certificate: Certificate) => void;
  /** The files are broken; what was read before stays in force. Told once for each state of theirs. */
  readonly onRefused: (error: SetupError) => void;
}

/** Certificate and key are written one after the other: a look between the two would see a pair that does not fit. */
const settleMs = 250;
/** Some network file systems tell of no change. */
const lookEveryMs = 60_000;

/**
 * Follows the files of a certificate while the service runs.
 *
 * The folders are watched and not the files: ACME clients rename a new file over the old one, and Kubernetes points a link beside them elsewhere.
 */
export class CertificateWatch implements Disposable {
  readonly #config: TlsConfig;
  readonly #events: CertificateEvents;
  readonly #watchers: readonly FSWatcher[];
  readonly #interval: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;
  #current: Certificate;
  #lastRefusal = '';
  #apply: ((identity: TlsIdentity) => void) | undefined;

  /** @throws {SetupError} `ERR_SETUP_TLS`: the files are broken at the start */
  constructor(config: TlsConfig, events: CertificateEvents) {
    this.#config = config;
    this.#events = events;
    this.#current = readCertificate(config);
    const files = [config.certFile, config.keyFile, ...(config.caFile === undefined ? [] : [config.caFile])];
    this.#watchers = [...new Set(files.map((file) => path.dirname(path.resolve(file))))].map((folder) => this.#watchFolder(folder));
    this.#interval = setInterval(() => this.reload(), lookEveryMs).unref();
  }

  /** What is in force. */
  get current(): Certificate {
    return this.#current;
  }

  /** @param apply gives a server what is new */
  follow(apply: (identity: TlsIdentity) => void): void {
    this.#apply = apply;
    this.reload();
  }

  /** Reads the files now; nothing happens where they are as before. */
  reload(): void {
    try {
      const read = readCertificate(this.#config);
      if (read.digest === this.#current.digest) {
        this.#lastRefusal = '';
        return;
      }
      this.#apply?.(read.identity);
      this.#current = read;
      this.#lastRefusal = '';
      this.#events.onRenewed(read);
    } catch (error) {
      this.#refuse(error);
    }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
    clearInterval(this.#interval);
    clearTimeout(this.#settling);
  }

  #refuse(thrown: unknown): void {
    const error = thrown instanceof SetupError ? thrown : new SetupError('ERR_SETUP_TLS', `${this.#config.certFile} was not taken`);
    if (error.message === this.#lastRefusal) return;
    this.#lastRefusal = error.message;
    this.#events.onRefused(error);
  }

  #watchFolder(folder: string): FSWatcher {
    const watcher = watch(folder, { persistent: false }, () => this.#soon());
    // The folder was removed, for example: the look at intervals goes on.
    watcher.on('error', () => watcher.close());
    return watcher;
  }

  #soon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.reload(), settleMs).unref();
  }
}
