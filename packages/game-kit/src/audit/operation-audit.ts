import type { AuditFacts, AuditSigner, Principal } from '@midgard/auth';
import type { Database, Session } from '@midgard/dao';
import { type JsonValue, MidgardError, toMidgardError } from '@midgard/errors';
import type { Clock } from '../clock.ts';
import type { GameLog } from '../context.ts';
import type { AuditSubject, Operation } from '../operation.ts';
import { changedKeys } from '../runtime/changed-keys.ts';
import { CommittedRefusal } from '../runtime/committed-refusal.ts';
import type { CallOrigin } from '../runtime/runtime-options.ts';
import type { ParsedInput } from '../runtime/validate.ts';
import type { Timers } from '../write-behind/timers.ts';
import { AuditLanes, type AuditTurn } from './audit-lanes.ts';
import { changedRows, withoutSecrets } from './changed-rows.ts';
import type { CheckpointSink } from './checkpoints.ts';
import { RecordingSession } from './recording-session.ts';

/** How an instance keeps its audit log. */
export interface AuditOptions {
  /** Number of the instance, 0 to 1023; default 0. */
  readonly chain?: number;
  /** Signs the end of the chain from time to time; without it nobody notices when the end is cut off. */
  readonly checkpoints?: {
    readonly signer: AuditSigner;
    /** Entries after which one is due; default 1000. */
    readonly everyRows?: number;
    /** Milliseconds after which one is due, where there are new entries; default 60 000. */
    readonly everyMs?: number;
    /** Where a copy goes that whoever writes to the database cannot reach. */
    readonly sink?: CheckpointSink;
    readonly timers?: Timers;
  };
  /** Hears of each entry once it is committed, for a copy elsewhere. Called at once, so it must be quick, and must not throw. Default: nobody does. */
  readonly noted?: (facts: AuditFacts) => void;
}

/** What the audit log needs to know of a call. */
interface AuditedCall {
  readonly operation: Operation;
  readonly input: ParsedInput;
  readonly caller: Principal | null;
  readonly origin: CallOrigin | undefined;
  readonly now: Date;
}

interface AuditParts {
  readonly database: Database;
  readonly game: string;
  readonly clock: Clock;
  readonly log: GameLog;
}

/** Refusals of these codes are about the call; what is below is about the service. */
const FIRST_REFUSAL = 2000;

/** Notes the sensitive operations of a game. */
export class OperationAudit {
  readonly #parts: AuditParts;
  readonly #lanes: AuditLanes;

  constructor({ chain = 0, checkpoints, noted = () => undefined }: AuditOptions, parts: AuditParts) {
    this.#parts = parts;
    this.#lanes = new AuditLanes(parts.database, { scope: parts.game, chain }, checkpoints && { ...checkpoints, ...parts }, noted);
  }

  async start(): Promise<void> {
    const { database, log } = this.#parts;
    try {
      await this.#lanes.prepare(database);
    } catch (error) {
      // A database that is away at the start may come back; the first entry makes what is missing.
      log.warn({ err: error }, 'the audit log could not be made ready');
    }
    this.#lanes.start();
  }

  /** Signs what is not signed yet. */
  async stop(): Promise<void> {
    await this.#lanes.stop();
  }

  /** @returns what notes the call in its transaction; undefined where it is not sensitive */
  begin(call: AuditedCall): AuditedWrite | undefined {
    const { audit } = call.operation;
    if (audit === undefined || audit.when?.(call.input) === false) return undefined;
    return new AuditedWrite(call, this.#lanes);
  }

  /** Notes a refusal that committed nothing, where the operation wants that. What fails here fails the note alone: the call is refused anyway. */
  async noteRefusal(call: AuditedCall, error: unknown): Promise<void> {
    const { audit, name } = call.operation;
    if (audit === undefined || error instanceof CommittedRefusal || (audit.of ?? 'done') === 'done' || audit.when?.(call.input) === false) return;
    const refusal = toMidgardError(error);
    const { code } = refusal;
    // What a limit refuses was not looked at, and whoever floods would fill the log: the attempts that led there are in it.
    if (code < FIRST_REFUSAL || MidgardError.is(refusal, 'rateLimited')) return;
    try {
      await this.note(call, { outcome: code });
    } catch (failure) {
      this.#parts.log.error({ err: failure, operation: name, code }, 'a refusal could not be noted in the audit log');
    }
  }

  /**
   * Notes an act in a transaction of its own: for what has none.
   *
   * @param told what it did, as far as rows do not tell; secrets are taken out
   */
  async note(
    call: AuditedCall,
    { outcome, told = {}, subject = subjectOf(call) }: { readonly outcome: number; readonly told?: object; readonly subject?: AuditSubject | undefined },
  ): Promise<void> {
    const { database } = this.#parts;
    const facts = factsOf(call, { outcome, subject, changes: withoutSecrets(told) });
    const turn = this.#lanes.take();
    let isCommitted = false;
    try {
      await database.transaction((session) => turn.append(session, facts));
      isCommitted = true;
    } finally {
      turn.over(isCommitted);
    }
  }
}

/** A sensitive write, through all its attempts. */
export class AuditedWrite {
  readonly #call: AuditedCall;
  readonly #lanes: AuditLanes;
  #turn: AuditTurn | undefined;

  constructor(call: AuditedCall, lanes: AuditLanes) {
    this.#call = call;
    this.#lanes = lanes;
  }

  /** The transaction begins, or begins again. */
  attempt(session: Session): AuditedAttempt {
    // Before its first statement: where a transaction sees one snapshot (Oracle), the end of the chain is then in it.
    this.#turn ??= this.#lanes.take();
    this.#turn.begin();
    return new AuditedAttempt(this.#call, session, this.#turn);
  }

  /** To be called once, whatever came of it. @param isCommitted whether that is known */
  over(isCommitted: boolean): void {
    this.#turn?.over(isCommitted);
  }
}

/** One attempt of a sensitive write. */
export class AuditedAttempt {
  readonly #call: AuditedCall;
  readonly #inner: Session;
  readonly #turn: AuditTurn;
  /** The transaction for the handler: what it changes is noted. */
  readonly session: RecordingSession;

  constructor(call: AuditedCall, session: Session, turn: AuditTurn) {
    this.#call = call;
    this.#inner = session;
    this.#turn = turn;
    this.session = new RecordingSession(session);
  }

  /**
   * Appends the entry; to be the last thing of the transaction.
   *
   * @param refusal that commits nevertheless; undefined: it was made
   */
  async finish(refusal?: MidgardError): Promise<void> {
    if (refusal === undefined && this.#call.operation.audit?.of === 'refused') return;
    const { log, statements } = this.session;
    const rows = log.rows();
    const [first] = rows;
    const subject = subjectOf(this.#call) ?? (first === undefined ? undefined : { entity: first.entity.name, key: first.key });
    await this.#turn.append(this.#inner, factsOf(this.#call, { outcome: refusal?.code ?? 0, subject, changes: changedRows(rows, statements) }));
  }
}

function subjectOf({ operation, input }: AuditedCall): AuditSubject | undefined {
  return operation.audit?.subject?.(input) ?? changedKeys(operation, input)[0];
}

interface Told {
  readonly outcome: number;
  readonly subject: AuditSubject | undefined;
  readonly changes: JsonValue;
}

function factsOf({ operation, caller, origin, now }: AuditedCall, { outcome, subject, changes }: Told) {
  const { subject: actor = 'anonymous', kind = '', roles = [] } = caller ?? {};
  const { transport = '', address = '', requestId = '' } = origin ?? {};
  const who = { actor, actorKind: kind, roles: roles.join(' '), transport, address, requestId: String(requestId) };
  return { at: now.getTime(), ...who, operation: operation.name, entity: subject?.entity ?? '', subject: String(subject?.key ?? ''), outcome, changes };
}
