/** What the watching thread shares with the one that it watches. */
export interface WatchedThread {
  /** One number that the watched thread raises whenever its loop comes round. */
  readonly beats: Int32Array;
  /** How long the loop may stand still before somebody asks why, in milliseconds. */
  readonly thresholdMs: number;
}

/** Where a blocked loop was found. */
export interface Blockage {
  /** `function (file:line:column)` from the innermost on; what is Node's own is left out. */
  readonly stack: readonly string[];
}
