import { userInfo } from 'node:os';
import type { AuditSigner } from '@midgard/auth';
import type { Database, Session } from '@midgard/dao';
import { type AuditOptions, AuditTrail, Checkpoints, withoutSecrets } from '@midgard/game-kit';
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
}

/** Notes what is done to the service itself: API keys, and what else the command line does. */
export class ServiceAudit {
  readonly trail: AuditTrail;
  readonly actor: string;
  readonly #transport: string;

  private constructor(config: Config, actor: string, transport: string) {
    this.trail = new AuditTrail({ scope: serviceScope, chain: config.instance });
    this.actor = actor;
    this.#transport = transport;
  }

  /** Of the running service. */
  static ofService(config: Config): ServiceAudit {
    return new ServiceAudit(config, 'service', '');
  }

  /** Of a command: whoever is logged in at this machine. */
  static ofCommand(config: Config): ServiceAudit {
    return new ServiceAudit(config, commandActor(), 'cli');
  }

  /** Appends an entry, as the last thing of the transaction of what it tells of. */
  async append(session: Session, { changes, ...act }: ServiceAct): Promise<void> {
    const { actor } = this;
    const who = { at: Date.now(), actor, actorKind: 'service', roles: '', transport: this.#transport, address: '', requestId: '' };
    await this.trail.append(session, { ...who, ...act, outcome: 0, changes: withoutSecrets(changes) });
  }

  /** Appends an entry for what has no transaction here. */
  async note(database: Database, act: ServiceAct): Promise<void> {
    await database.transaction((session) => this.append(session, act));
  }
}

/** Who runs a command, as far as the machine tells. */
export function commandActor(): string {
  return `cli:${userInfo().username}`;
}

/** How the games' logs of this instance are signed. */
export function auditOptions(config: Config, signer: AuditSigner): AuditOptions {
  const { checkpointRows: everyRows, checkpointMs: everyMs } = config.audit;
  return { chain: config.instance, checkpoints: { signer, everyRows, everyMs, sink: checkpointSink(config) } };
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
