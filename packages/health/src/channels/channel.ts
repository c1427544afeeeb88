import type { Notification } from '../alerts/notification.ts';
import { HealthError } from '../errors.ts';

/** Tells people, or another service, of alerts. One attempt: queues, retries and deadlines are around it. */
export interface Channel {
  /** Unique; what routes name it by. */
  readonly name: string;
  /** What sort it is: `slack`, `webhook`. */
  readonly kind: string;
  /**
   * @param notification to be told
   * @param signal aborted when its time is over; then it gives up, and frees what it holds
   * @throws {DeliveryError} it was not taken. Anything else that is thrown counts as worth another attempt
   */
  deliver(notification: Notification, signal: AbortSignal): Promise<void>;
  /** Frees what it holds. */
  close?(): void;
}

/** What is known of a failed delivery. */
export interface DeliveryFailure {
  /** A word or a code, no address and no secret: `timeout`, `http-404`, `errcode-310000`. */
  readonly reason: string;
  /** Another attempt may do better. */
  readonly isRetryable: boolean;
  /** The other side asked to wait for so long, milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** A channel did not take a message. Neither the message nor a field holds an address or a secret. */
export class DeliveryError extends HealthError {
  override readonly name = 'DeliveryError';
  readonly reason: string;
  readonly isRetryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor({ reason, isRetryable, retryAfterMs }: DeliveryFailure) {
    super('ERR_HEALTH_DELIVERY', `not delivered: ${reason}`);
    this.reason = reason;
    this.isRetryable = isRetryable;
    this.retryAfterMs = retryAfterMs;
  }
}
