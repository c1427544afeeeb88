import { userInfo } from 'node:os';
import type { AuditFacts, AuditSigner, Principal } from '@midgard/auth';
import type { Database, Session } from '@midgard/dao';
import { type AuditOptions, AuditTrail, type CallOrigin, Checkpoints, withoutSecrets } from '@midgard/game-kit';
import type { Logger } from '@midgard/logging';
import type { Config } from '../config-schema.ts';
import { checkpointSink } from './checkpoint-file.ts';

/** Name of the service's own database in its audit log. */
export const serviceScope = 'service';

/** What is done to the service itself. */
export interface ServiceAct {
  /** Such as `key.create`. */
  readonly operation: string;
  readonly entity: string;
  readonly subject: string;
  /** What changed; secrets are taken out. */
  readonly changes: object;
  /** The code that it was refused with; default 0: it was done. */
  readonly outcome?: number;
}

/** Who acts, and from where. */
type Actor = Pick<Parameters<AuditTrail['append']>[1], 'actor' | 'actorKind' | 'roles' | 'transport' | 'address' | 'requestId'>;

/** Notes what is done to the service itself: API keys, and what else the command line does. */
export class ServiceAudit {
  readonly trail: AuditTrail;
  readonly #actor: Actor;
  readonly #noted: (facts: AuditFacts) => void;

  private constructor(trail: AuditTrail, actor: Actor, noted: (facts: AuditFacts) => void = () => undefined) {
    this.trail = trail;
    this.#actor = actor;
    this.#noted = noted;
  }

  /** Of the running service. @param noted hears of each entry right before its commit, for a copy elsewhere */
  static ofService(config: Config, noted?: (facts: AuditFacts) => void): ServiceAudit {
    return new ServiceAudit(trailOf(config), machineActor('service', ''), noted);
  }

  /** Of a command: whoever is logged in at this machine. */
  static ofCommand(config: Config): ServiceAudit {
    return new ServiceAudit(trailOf(config), machineActor(commandActor(), 'cli'));
  }

  /** The same log, for what a caller of the service does. */
  of({ subject, kind, roles }: Principal, { transport = '', address = '', requestId = '' }: CallOrigin = {}): ServiceAudit {
    const actor = { actor: subject, actorKind: kind, roles: roles.join(' '), transport, address, requestId: String(requestId) };
    return new ServiceAudit(this.trail, actor, this.#noted);
  }

  /** Appends an entry, as the last thing of the transaction of what it tells of. */
  async append(session: Session, { changes, outcome = 0, ...act }: ServiceAct): Promise<void> {
    const facts = { at: Date.now(), ...this.#actor, ...act, outcome, changes: withoutSecrets(changes) };
    await this.trail.append(session, facts);
    this.#noted(facts);
  }

  /** Appends an entry for what has no transaction here. */
  async note(database: Database, act: ServiceAct): Promise<void> {
    await database.transaction((session) => this.append(session, act));
  }
}

function trailOf({ instance }: Config): AuditTrail {
  return new AuditTrail({ scope: serviceScope, chain: instance });
}

function machineActor(actor: string, transport: string): Actor {
  return { actor, actorKind: 'service', roles: '', transport, address: '', requestId: '' };
}

/** Who runs a command, as far as the machine tells. */
export function commandActor(): string {
  return `cli:${userInfo().username}`;
}

/** How the game's log of this instance is signed, and who hears of its entries. */
export function auditOptions(config: Config, signer: AuditSigner, noted: (facts: AuditFacts) => void): AuditOptions {
  const { checkpointRows: everyRows, checkpointMs: everyMs } = config.audit;
  return { chain: config.instance, checkpoints: { signer, everyRows, everyMs, sink: checkpointSink(config) }, noted };
}

/** Signs the log of the service's own database from time to time. */
export function serviceCheckpoints(
  { trail }: ServiceAudit,
  parts: { readonly config: Config; readonly database: Database; readonly signer: AuditSigner; readonly log: Logger },
): Checkpoints {
  const { config, database, signer, log } = parts;
  const checkpoints = new Checkpoints(trail, { database, signer, log, clock: Date, everyMs: config.audit.checkpointMs, sink: checkpointSink(config) });
  checkpoints.start();
  return checkpoints;
}
