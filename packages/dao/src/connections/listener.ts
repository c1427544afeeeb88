import type { DaoErrorCode } from '../errors.ts';
import type { BreakerState } from './circuit-breaker.ts';

/** What a server was set up for; a standby keeps its role while it takes the writes. */
export type ServerRole = 'primary' | 'standby' | 'replica';

/** Which server an event is about. */
export interface ServerEvent {
  /** Name of its address. */
  readonly server: string;
  readonly role: ServerRole;
}

/** Why a replica is not read from: it does not answer, is further behind than allowed, or does not (say that it does) replicate. */
export type ReplicaTrouble = 'down' | 'behind' | 'stopped';

/** Why a read goes to the primary although there are replicas: none is in the rotation, or none is known to have what it must see. */
export type FallbackReason = 'noReplica' | 'tooOld';

/**
 * Hears what the connections of a database do, for metrics and logs. All members are optional. Each is called at once, so it must be
 * quick; what one throws becomes an uncaught exception and does not reach the borrowers.
 */
export interface ConnectionsListener {
  acquired?(event: ServerEvent & { readonly waitMs: number }): void;
  acquireFailed?(event: ServerEvent & { readonly waitMs: number; readonly code: DaoErrorCode }): void;
  /** A borrowed connection came back; `isDiscarded`: broken or in an unknown state. */
  released?(event: ServerEvent & { readonly heldMs: number; readonly isDiscarded: boolean }): void;
  connected?(event: ServerEvent & { readonly tookMs: number }): void;
  /** No connection could be made, or one did not answer a ping in time. */
  connectionFailed?(event: ServerEvent & { readonly error: unknown }): void;
  breakerChanged?(event: ServerEvent & { readonly state: BreakerState }): void;
  /** Writes go to another server from now on. */
  failedOver?(event: { readonly from: string; readonly to: string }): void;
  /** A replica is not read from any more, or for another reason than before. */
  replicaLeft?(event: { readonly server: string; readonly trouble: ReplicaTrouble; readonly lagMs: number | undefined }): void;
  /** A read goes to the primary although there are replicas. */
  readFellBack?(event: { readonly reason: FallbackReason }): void;
  replicaReturned?(event: { readonly server: string; readonly lagMs: number | undefined }): void;
}

/** Calls a listener so that its mistakes are seen, but leak no connection. */
export function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
