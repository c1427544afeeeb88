/** Why a stress run could not be made; the message is for the person at the terminal. */
export type BenchErrorCode = 'ERR_BENCH_CONNECT' | 'ERR_BENCH_LOST' | 'ERR_BENCH_ANSWER';

/** A stress run that could not go on, through no fault of its arguments. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
  readonly code: BenchErrorCode;

  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
