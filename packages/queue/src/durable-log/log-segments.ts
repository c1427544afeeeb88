import path from 'node:path';
import { QueueError } from '../errors.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import type { LogRecord } from './record.ts';
import { createSegment, type RecoveredLog, type Segment } from './recover.ts';
import { readSegment } from './segment.ts';

/** The files of an open log: records are added to the last one and read from all. */
export class LogSegments {
  readonly #files: LogFiles;
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #maxPayloadBytes: number;
  readonly #finished: Segment[];
  #last: Segment;
  #file: LogFile;
  #isFull = false;
  #diskBytes: number;

  /**
   * @param recovered what {@link recoverLog} found
   * @param bounds.segmentBytes a file that would grow beyond this is followed by a new one
   */
  constructor(
    place: { readonly files: LogFiles; readonly directory: string },
    { finished, last, file }: Pick<RecoveredLog, 'finished' | 'last' | 'file'>,
    bounds: { readonly segmentBytes: number; readonly maxRecordBytes: number },
  ) {
    this.#files = place.files;
    this.#directory = place.directory;
    this.#segmentBytes = bounds.segmentBytes;
    this.#maxPayloadBytes = bounds.maxRecordBytes;
    this.#finished = [...finished];
    this.#last = last;
    this.#file = file;
    this.#diskBytes = [...finished, last].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** How many files there are. */
  get count(): number {
    return this.#finished.length + 1;
  }

  /** Bytes of all files. */
  get diskBytes(): number {
    return this.#diskBytes;
  }

  /** Writes records and syncs them; if that fails, any part of them may be on the disk until {@link undo} was called. */
  async append(records: Buffer, firstSequence: number): Promise<void> {
    const isFirst = this.#last.firstSequence === firstSequence;
    this.#isFull ||= !isFirst && this.#last.bytes + records.length > this.#segmentBytes;
    // Stays true when the making fails: a file that was left half made must be the next one, and not be stepped over.
    if (this.#isFull) await this.#beginSegment(firstSequence);
    await this.#file.write(records, this.#last.bytes);
    await this.#file.sync();
    this.#last.bytes += records.length;
    this.#diskBytes += records.length;
  }

  /** Takes back what an append that failed has left. */
  async undo(): Promise<void> {
    await this.#file.truncate(this.#last.bytes);
    await this.#file.sync();
  }

  /** Deletes the files that hold no record behind a sequence. */
  async deleteUpTo(sequence: number): Promise<void> {
    for (;;) {
      const [first, next = this.#last] = this.#finished;
      if (first === undefined || next.firstSequence > sequence + 1) return;
      // Out of the list before it is gone from the disk, so that a reader who does not find it knows why.
      this.#finished.shift();
      this.#diskBytes -= first.bytes;
      await this.#files.remove(path.join(this.#directory, first.file));
    }
  }

  /** The records behind a sequence, in order, as far as they were on disk when their file's turn came. */
  async *read(after: number): AsyncGenerator<LogRecord, void> {
    const segments = [...this.#finished, this.#last];
    for (const [at, segment] of segments.entries()) {
      const next = segments[at + 1];
      if (next !== undefined && next.firstSequence <= after + 1) continue;
      for await (const record of this.#readSegment(segment)) if (record.sequence > after) yield record;
    }
  }

  /** Closes the last file. */
  close(): Promise<void> {
    return this.#file.close();
  }

  async #beginSegment(firstSequence: number): Promise<void> {
    const { segment, file } = await createSegment({ files: this.#files, directory: this.#directory }, firstSequence);
    const finished = this.#file;
    this.#file = file;
    this.#finished.push(this.#last);
    this.#last = segment;
    this.#diskBytes += segment.bytes;
    this.#isFull = false;
    await finished.close();
  }

  async *#readSegment(segment: Segment): AsyncGenerator<LogRecord, void> {
    const { firstSequence, bytes: size } = segment;
    const file = await this.#openToRead(segment);
    if (file === undefined) return;
    try {
      const chunks = readSegment(file, { firstSequence, size, maxPayloadBytes: this.#maxPayloadBytes });
      for (;;) {
        const step = await chunks.next();
        if (step.done !== true) yield* step.value;
        else if (step.value.fault === undefined) return;
        else throw new QueueError('ERR_QUEUE_LOG_CORRUPT', `${segment.file} is damaged at byte ${step.value.bytes}`);
      }
    } finally {
      await file.close();
    }
  }

  /** @returns undefined where it has been consumed and deleted since the reading began */
  async #openToRead(segment: Segment): Promise<LogFile | undefined> {
    try {
      return await this.#files.open(path.join(this.#directory, segment.file));
    } catch (error) {
      if (segment === this.#last || this.#finished.includes(segment)) throw error;
      return undefined;
    }
  }
}
