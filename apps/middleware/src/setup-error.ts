/** Why the service could not be put together; the message is for the operator and names what to set. */
export type SetupErrorCode =
  | 'ERR_SETUP_SECRET'
  | 'ERR_SETUP_GAME'
  | 'ERR_SETUP_DATABASE'
  | 'ERR_SETUP_CACHE'
  | 'ERR_SETUP_PORT'
  | 'ERR_SETUP_TLS'
  | 'ERR_SETUP_PLAINTEXT'
  | 'ERR_SETUP_LOG'
  | 'ERR_SETUP_ARGUMENT'
  | 'ERR_SETUP_WORKER'
  | 'ERR_SETUP_WORKER_DIED';

/** A start or a command that cannot go on, with a message for the person at the terminal. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code: SetupErrorCode;

  constructor(code: SetupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
