import { QueueError } from '../errors.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { CommitBatch } from './commit-batch.ts';
import { type LogFiles, nodeFiles } from './log-files.ts';
import { boundsOf, type LogBounds } from './log-bounds.ts';
import { type LogRecord, recordHeaderBytes } from './record.ts';
import { LogSegments } from './log-segments.ts';
import { type LogCut, type RecoveredLog, recoverLog } from './recover.ts';

/** Hears what a log does, for metrics and logs. */
export interface DurableLogListener {
  /** Records reached the disk together. */
  committed?(commit: { readonly records: number; readonly bytes: number; readonly durationMs: number }): void;
  /** A write or sync failed; everybody who waited for it was told. */
  failed?(error: QueueError): void;
}

/** Set-up of {@link DurableLog.open}. */
export interface DurableLogOptions extends LogBounds {
  /** Folder of this log alone; made where it is missing. */
  readonly directory: string;
  readonly listener?: DurableLogListener;
  /** The file system; this machine's unless told. */
  readonly files?: LogFiles;
}

/** What a log holds. */
export interface DurableLogFigures {
  /** Sequence of the last record on disk; 0 where there never was one. */
  readonly durable: number;
  /** Up to here records were consumed. */
  readonly consumed: number;
  /** Records that wait for the disk. */
  readonly pending: number;
  readonly segments: number;
  /** Bytes of all segments. */
  readonly diskBytes: number;
}

interface Place {
  readonly directory: string;
  readonly files: LogFiles;
}

interface Parts {
  readonly lock: { release(): void };
  readonly bounds: Required<LogBounds>;
  readonly listener: DurableLogListener;
  readonly recovered: RecoveredLog;
}

/**
 * An append-only log on disk: `append` comes back when the record would survive a crash and a loss of power.
 *
 * Those who append while the disk is busy share the next write and `fdatasync` (group commit), so that throughput grows with
 * the number of writers and a lone writer waits for one sync. Records are numbered from 1 without gaps; a consumer notes
 * how far it has come with `consume`, and after a crash `read` gives what follows: each record at least once.
 *
 * O(1) a record besides the disk; memory for the records that wait. Segment files are deleted once they are consumed.
 *
 * @example
 * ```ts
 * import { DurableLog } from '@midgard/queue';
 *
 * await using log = await DurableLog.open({ directory: 'data/orders.log' });
 * await log.append(Buffer.from('order 17 paid')); // on disk
 * for await (const { sequence, payload } of log.read()) {
 *   console.log(sequence, payload.toString());
 *   await log.consume(sequence);
 * }
 * ```
 */
export class DurableLog {
  /** The log's own name, 32 hexadecimal digits, the same for all its life: sequences mean something only together with it. */
  readonly id: string;
  /** What opening had to cut off the end; undefined where the log ended well. */
  readonly cut: LogCut | undefined;
  readonly #directory: string;
  readonly #files: LogFiles;
  readonly #lock: { release(): void };
  readonly #bounds: Required<LogBounds>;
  readonly #listener: DurableLogListener;
  readonly #segments: LogSegments;
  #filling = new CommitBatch();
  #spare = new CommitBatch();
  #nextSequence: number;
  #durable: number;
  #consumed: number;
  #noted: number;
  #pendingBytes = 0;
  #committing: Promise<void> | undefined;
  #noting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #death: QueueError | undefined;

  /**
   * Opens a log, or makes an empty one; O(bytes that were not consumed), since every record is checked.
   *
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`: a bound makes no sense; `ERR_QUEUE_LOG_LOCKED`: another log has the folder open;
   *   `ERR_QUEUE_LOG_CORRUPT`: damage that no crash explains, told with file and byte
   */
  static async open({ directory, listener = {}, files = nodeFiles, ...bounds }: DurableLogOptions): Promise<DurableLog> {
    const checked = boundsOf(bounds);
    await files.makeDirectory(directory);
    const lock = files.lock(directory);
    try {
      const recovered = await recoverLog({ files, directory, maxPayloadBytes: checked.maxRecordBytes });
      return new DurableLog({ directory, files }, { lock, bounds: checked, listener, recovered });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(place: Place, { lock, bounds, listener, recovered }: Parts) {
    this.#directory = place.directory;
    this.#files = place.files;
    this.#listener = listener;
    this.#lock = lock;
    this.#bounds = bounds;
    this.#segments = new LogSegments(place, recovered, bounds);
    this.#nextSequence = recovered.nextSequence;
    this.#durable = recovered.nextSequence - 1;
    this.#consumed = recovered.consumed;
    this.#noted = recovered.consumed;
    this.id = recovered.id;
    this.cut = recovered.cut;
  }

  /** What it holds now. O(1). */
  figures(): DurableLogFigures {
    return {
      durable: this.#durable,
      consumed: this.#consumed,
      pending: this.#nextSequence - 1 - this.#durable,
      segments: this.#segments.count,
      diskBytes: this.#segments.diskBytes,
    };
  }

  /**
   * Adds a record behind all that were added before. The payload is copied at once.
   *
   * @param payload 0 to `maxRecordBytes` bytes
   * @returns the record's sequence, once it is on disk
   * @throws {QueueError} rejects, and the record is not in the log, with `ERR_QUEUE_LOG_RECORD`: too large;
   *   `ERR_QUEUE_FULL`: too many bytes wait for the disk; `ERR_QUEUE_LOG_FULL`: the disk, or the log by its own bound, is
   *   full; `ERR_QUEUE_LOG_WRITE`: the disk failed, what waited was refused and the log goes on; `ERR_QUEUE_CLOSED`.
   *   `ERR_QUEUE_LOG_FAILED`: the disk failed and it cannot be told what is on it; open the log anew to find out
   */
  append(payload: Uint8Array): Promise<number> {
    const refusal = this.#refusal(payload.length);
    if (refusal !== undefined) return Promise.reject(refusal);
    const written = this.#filling.add(this.#nextSequence, payload);
    this.#nextSequence += 1;
    this.#pendingBytes += recordHeaderBytes + payload.length;
    // Not at once, so that all who append in this tick share the first write.
    this.#committing ??= Promise.resolve().then(() => this.#commitAll());
    return written;
  }

  /**
   * Reads what is on disk, in order, up to the last record that was durable when its turn came. O(bytes read).
   *
   * @param after sequence before the first that is wanted; up to where it was consumed unless told
   * @throws {QueueError} `ERR_QUEUE_LOG_CORRUPT`: a record that was whole when the log was opened is not any more
   */
  read(after: number = this.#consumed): AsyncGenerator<LogRecord, void> {
    return this.#segments.read(after);
  }

  /**
   * Notes that records up to this one need no replay any more, and deletes the segments that hold nothing else.
   *
   * @param sequence at most that of the last record on disk; a smaller one than before changes nothing
   * @returns when the note is on disk
   * @throws {QueueError} `ERR_QUEUE_OPTIONS`: no such record; `ERR_QUEUE_LOG_WRITE`: the note could not be written, and after a crash records are replayed again
   */
  async consume(sequence: number): Promise<void> {
    if (!Number.isSafeInteger(sequence) || sequence > this.#durable)
      throw new QueueError('ERR_QUEUE_OPTIONS', `consume takes a sequence of at most ${this.#durable}`);
    if (sequence <= this.#consumed) return this.#noting;
    this.#consumed = sequence;
    // One after another: an older note must not replace a newer one.
    const noting = this.#noting.catch(() => undefined).then(() => this.#note());
    this.#noting = noting;
    noting.catch(() => undefined);
    return noting;
  }

  /** Writes what waits, then closes the files. More appends are refused at once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #refusal(payloadBytes: number): QueueError | undefined {
    const { maxRecordBytes, maxPendingBytes, maxDiskBytes } = this.#bounds;
    const bytes = recordHeaderBytes + payloadBytes;
    if (this.#closing !== undefined) return new QueueError('ERR_QUEUE_CLOSED', 'the log is closed');
    if (this.#death !== undefined) return this.#death;
    if (payloadBytes > maxRecordBytes)
      return new QueueError('ERR_QUEUE_LOG_RECORD', `a record has at most ${maxRecordBytes} bytes; this one has ${payloadBytes}`);
    if (this.#pendingBytes + bytes > maxPendingBytes) return new QueueError('ERR_QUEUE_FULL', `${this.#pendingBytes} bytes wait for the disk already`);
    if (this.#segments.diskBytes + this.#pendingBytes + bytes > maxDiskBytes)
      return new QueueError('ERR_QUEUE_LOG_FULL', `the log has reached its ${maxDiskBytes} bytes`);
    return undefined;
  }

  async #commitAll(): Promise<void> {
    try {
      while (this.#filling.size > 0) {
        const batch = this.#filling;
        this.#filling = this.#spare;
        this.#spare = batch;
        await this.#commit(batch);
      }
    } finally {
      // Also where a listener threw: those who append next must find a way to the disk.
      this.#committing = undefined;
    }
  }

  async #commit(batch: CommitBatch): Promise<void> {
    const { bytes, size: records, firstSequence } = batch;
    const begin = performance.now();
    try {
      await this.#segments.append(bytes, firstSequence);
    } catch (error) {
      await this.#refuseAll(batch, error);
      return;
    }
    this.#durable += records;
    this.#pendingBytes -= bytes.length;
    batch.succeed();
    this.#listener.committed?.({ records, bytes: bytes.length, durationMs: performance.now() - begin });
  }

  /**
   * Takes back what a failed write may have left, then refuses it and what waits behind it.
   *
   * A failed sync is never tried again: the kernel may have dropped the pages and would now report success
   * (https://www.usenix.org/conference/atc20/presentation/rebello). Cutting them off and syncing that is another matter.
   */
  async #refuseAll(batch: CommitBatch, cause: unknown): Promise<void> {
    try {
      await this.#segments.undo();
    } catch {
      this.#death = new QueueError('ERR_QUEUE_LOG_FAILED', 'the disk failed, and what is on it is unknown until the log is opened anew', { cause });
    }
    const error = this.#death ?? writeError(cause);
    this.#nextSequence = this.#durable + 1;
    this.#pendingBytes = 0;
    batch.fail(error);
    this.#filling.fail(error);
    this.#listener.failed?.(error);
  }

  async #note(): Promise<void> {
    const sequence = this.#consumed;
    if (this.#noted >= sequence) return;
    try {
      await writeCheckpoint(this.#files, this.#directory, sequence);
      this.#noted = sequence;
      await this.#segments.deleteUpTo(sequence);
    } catch (cause) {
      throw writeError(cause);
    }
  }

  async #close(): Promise<void> {
    await this.#committing;
    await this.#noting.catch(() => undefined);
    await this.#segments.close();
    this.#lock.release();
  }
}

function writeError(cause: unknown): QueueError {
  const isFull = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
  if (isFull) return new QueueError('ERR_QUEUE_LOG_FULL', 'no space is left on the disk of the log', { cause });
  return new QueueError('ERR_QUEUE_LOG_WRITE', 'the log could not be written', { cause });
}
