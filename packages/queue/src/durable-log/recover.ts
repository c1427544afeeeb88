import path from 'node:path';
import { QueueError } from '../errors.ts';
import { readCheckpoint } from './checkpoint.ts';
import { type LogFile, type LogFiles, writeWhole } from './log-files.ts';
import { logId } from './log-id.ts';
import type { RecordFault } from './record.ts';
import { firstSequenceOf, hasSegmentHeader, readSegment, segmentHeader, segmentHeaderBytes, segmentName, type SegmentEnd } from './segment.ts';

/** A file of the log. */
export interface Segment {
  readonly file: string;
  readonly firstSequence: number;
  bytes: number;
}

/** What was cut off the end of a log when it was opened. */
export interface LogCut {
  readonly file: string;
  /** Offset of the first byte that was cut. */
  readonly at: number;
  readonly bytes: number;
  readonly fault: RecordFault;
  /** Where the bytes were put, for people to look at; undefined for a record that merely ended too soon. */
  readonly savedAs: string | undefined;
}

/** What a log holds once it is open. */
export interface RecoveredLog {
  /** The log's own name, the same for all its life. */
  readonly id: string;
  /** The files before the last, which no record is added to any more. */
  readonly finished: readonly Segment[];
  readonly last: Segment;
  /** The last one, open for appending. */
  readonly file: LogFile;
  readonly nextSequence: number;
  readonly consumed: number;
  readonly cut: LogCut | undefined;
}

interface Place {
  readonly files: LogFiles;
  readonly directory: string;
  readonly maxPayloadBytes: number;
}

/**
 * Brings a folder to a state in which records can be appended: what a crash left unfinished at the end is cut off, and
 * all that stands before it has been read and is whole.
 *
 * @throws {QueueError} `ERR_QUEUE_LOG_CORRUPT`: a record is damaged or missing that is not at the end, so no crash did it
 */
export async function recoverLog(place: Place): Promise<RecoveredLog> {
  const { files, directory } = place;
  const noted = await readCheckpoint(files, directory);
  const isNew = noted === undefined && (await files.list(directory)).every((name) => firstSequenceOf(name) === undefined);
  const id = await logId(files, directory, isNew);
  const segments = await existingSegments(place, noted ?? 0);
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return { id, ...(await beginAgain(place, noted ?? 0)), cut: undefined };
  if (noted !== undefined && first.firstSequence > noted + 1) {
    throw new QueueError('ERR_QUEUE_LOG_CORRUPT', `records ${noted + 1} to ${first.firstSequence - 1} are missing before ${first.file}: restore their file`);
  }
  const file = await files.open(path.join(directory, last.file));
  try {
    return { id, ...(await openLast(place, { segments, last, file, consumed: noted ?? first.firstSequence - 1 })) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openLast(
  place: Place,
  { segments, last, file, consumed }: { segments: readonly Segment[]; last: Segment; file: LogFile; consumed: number },
): Promise<Omit<RecoveredLog, 'id'>> {
  const { bytes, nextSequence, fault } = await scan(file, last, place.maxPayloadBytes);
  const cut = fault === undefined ? undefined : await cutTail(place, file, last, { bytes, fault });
  last.bytes = bytes;
  // A process that was killed may have left records that only the kernel's memory holds yet: from here on they count.
  await file.sync();
  if (nextSequence > consumed) return { finished: segments.slice(0, -1), last, file, nextSequence, consumed, cut };
  // What was cut had been consumed already: its numbers are used up all the same.
  await file.close();
  for (const segment of segments) await place.files.remove(path.join(place.directory, segment.file));
  return { ...(await beginAgain(place, consumed)), cut };
}

/** A new first segment behind all that was consumed. */
async function beginAgain(place: Place, consumed: number): Promise<Omit<RecoveredLog, 'id' | 'cut'>> {
  const { segment: last, file } = await createSegment(place, consumed + 1);
  return { finished: [], last, file, nextSequence: consumed + 1, consumed };
}

/** Makes an empty segment that survives a crash: file, header and name. */
export async function createSegment(
  { files, directory }: Pick<Place, 'files' | 'directory'>,
  firstSequence: number,
): Promise<{ segment: Segment; file: LogFile }> {
  const name = segmentName(firstSequence);
  await writeWhole(files, path.join(directory, name), segmentHeader(firstSequence));
  return { segment: { file: name, firstSequence, bytes: segmentHeaderBytes }, file: await files.open(path.join(directory, name)) };
}

async function existingSegments(place: Place, consumed: number): Promise<Segment[]> {
  const { files, directory } = place;
  const names = (await files.list(directory)).toSorted();
  const found = names.flatMap((name) => {
    const firstSequence = firstSequenceOf(name);
    return firstSequence === undefined ? [] : [{ file: name, firstSequence, bytes: 0 }];
  });
  const unconsumed = found.filter((_, at) => {
    const next = found[at + 1];
    return next === undefined || next.firstSequence > consumed + 1;
  });
  for (const segment of found) if (!unconsumed.includes(segment)) await files.remove(path.join(directory, segment.file));
  for (const [at, segment] of unconsumed.entries()) {
    const next = unconsumed[at + 1];
    if (next !== undefined) await requireWhole(place, segment, next);
  }
  return unconsumed;
}

/** A segment that another one follows was finished and synced: nothing in it may be missing. */
async function requireWhole({ files, directory, maxPayloadBytes }: Place, segment: Segment, next: Segment): Promise<void> {
  const file = await files.open(path.join(directory, segment.file));
  try {
    const end = await scan(file, segment, maxPayloadBytes);
    segment.bytes = end.bytes;
    if (end.fault === undefined && end.nextSequence === next.firstSequence) return;
    throw new QueueError(
      'ERR_QUEUE_LOG_CORRUPT',
      `${segment.file} is damaged at byte ${end.bytes}: record ${end.nextSequence} cannot be read, and ${next.file} follows it. ` +
        'No crash does that; restore the file, or move it away and count its records as lost',
    );
  } finally {
    await file.close();
  }
}

async function scan(file: LogFile, segment: Segment, maxPayloadBytes: number): Promise<SegmentEnd> {
  const size = await file.size();
  const { firstSequence } = segment;
  // A segment gets its name only when its header is on disk, so a wrong header is damage and no crash.
  if (!(await hasSegmentHeader(file, firstSequence))) {
    throw new QueueError('ERR_QUEUE_LOG_CORRUPT', `${segment.file} does not begin as a segment of this log does: restore the file or move it away`);
  }
  const records = readSegment(file, { firstSequence, size, maxPayloadBytes });
  for (;;) {
    const step = await records.next();
    if (step.done === true) return step.value;
  }
}

async function cutTail(
  { files, directory }: Place,
  file: LogFile,
  segment: Segment,
  { bytes, fault }: { readonly bytes: number; readonly fault: RecordFault },
): Promise<LogCut> {
  const tailBytes = (await file.size()) - bytes;
  const savedAs = fault === 'corrupt' ? `${segment.file}.cut-${bytes}` : undefined;
  if (savedAs !== undefined) {
    const tail = Buffer.alloc(tailBytes);
    await file.read(tail, bytes);
    await writeWhole(files, path.join(directory, savedAs), tail);
  }
  await file.truncate(bytes);
  return { file: segment.file, at: bytes, bytes: tailBytes, fault, savedAs };
}
