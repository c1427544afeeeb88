/** A request that was answered, as the streams `request` and `performance` tell of it. */
export interface RequestEntry {
  /** The front end, such as `tcp`. */
  readonly transport: string;
  readonly game: string;
  readonly operation: string;
  /** 0 for a good answer, else the error code; an integer. */
  readonly code: number;
  /** From the decoded request to its answer. */
  readonly durationMs: number;
  readonly receivedBytes?: number | undefined;
  readonly sentBytes?: number | undefined;
  /** Who asked. */
  readonly subject?: string | undefined;
  /** From where. */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** 32 hexadecimal digits (W3C Trace Context). */
  readonly traceId?: string | undefined;
  /** What decides whether a good request is in the sample, the same in every service that sees it; default: the trace id. For whoever makes that only when it is asked for. */
  readonly sampleKey?: string | undefined;
  /** Milliseconds by stage, such as `{ decode: 0.1, handler: 3, database: 950 }`; only a slow request's are written. */
  readonly stages?: Readonly<Record<string, number>> | undefined;
}

/** Something that must be accounted for, as the stream `audit` mirrors it; the record is the audit log in the database. */
export interface AuditEntry {
  /** The database that holds the record, such as the id of the game. */
  readonly scope: string;
  readonly operation: string;
  readonly actor: string;
  readonly actorKind: string;
  readonly roles?: string | undefined;
  readonly transport?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
  /** What kind of thing was changed, and which one. */
  readonly entity: string;
  readonly subject: string;
  /** 0: it was done; else the code that it was refused with. */
  readonly outcome: number;
  /** What changed; secrets are hidden. */
  readonly changes?: object | undefined;
}
