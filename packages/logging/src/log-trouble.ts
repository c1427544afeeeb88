/**
 * Why lines do not reach where they are to be kept or read: nothing can be written there, the thread that writes is dead, or whoever takes them
 * cannot keep up.
 */
export type LogTroubleReason = 'disk' | 'thread' | 'slow';

/** What a destination of lines reports of itself. */
export type LogTrouble =
  /** Told once: lines wait in memory now, and later are dropped. */
  | { readonly state: 'failing'; readonly reason: LogTroubleReason; readonly error: Error | undefined }
  /** Told once: lines arrive again. `dropped` of them never will. */
  | { readonly state: 'recovered'; readonly reason: LogTroubleReason; readonly dropped: number }
  /** Files that are too old could not be removed; it is tried again in an hour. */
  | { readonly state: 'not-pruned'; readonly error: Error };
