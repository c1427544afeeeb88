/**
 * `OPTIONS`: a bound, a size or a time makes no sense; `RANGE`: more bytes committed or consumed than there are;
 * `HANDLE`: not the memory of a shared ring; `PRODUCERS`: every lane is lent; `PRODUCER`: the id is not of a lane that
 * waits for its producer; `CONSUMER`: there is a consumer already; `MESSAGE_SIZE`: longer than a lane can take;
 * `ABANDONED`: this producer was given up, and what it was writing is not delivered; `CLOSED`: the ring was closed;
 * `TIMEOUT`: no room in time; `BACKLOG`: too many pushes wait already; `REENTRANT`: called from within its own callback.
 */
export type RingBufferErrorCode =
  | 'ERR_RING_OPTIONS'
  | 'ERR_RING_RANGE'
  | 'ERR_RING_HANDLE'
  | 'ERR_RING_PRODUCERS'
  | 'ERR_RING_PRODUCER'
  | 'ERR_RING_CONSUMER'
  | 'ERR_RING_MESSAGE_SIZE'
  | 'ERR_RING_ABANDONED'
  | 'ERR_RING_CLOSED'
  | 'ERR_RING_TIMEOUT'
  | 'ERR_RING_BACKLOG'
  | 'ERR_RING_REENTRANT';

/** The one error of this library. */
export class RingBufferError extends Error {
  override readonly name = 'RingBufferError';
  readonly code: RingBufferErrorCode;

  /**
   * @param code stable, for programs
   * @param message for people
   */
  constructor(code: RingBufferErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
