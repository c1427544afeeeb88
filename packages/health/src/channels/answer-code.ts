import type { DeliveryFailure } from './channel.ts';

/** How a service says in the body whether it took a message. */
export interface AnswerCodes {
  /** Fields that hold the code, the first that is there counts; 0 means taken. */
  readonly fields: readonly string[];
  /** Codes for which another attempt may do better. */
  readonly retryable: ReadonlySet<number>;
}

/** Reads the code out of an answer; what is no such answer is a refusal, since the message has gone to somebody else. */
export function refusalByCode(answer: string, { fields, retryable }: AnswerCodes): DeliveryFailure | undefined {
  const object = objectOf(answer);
  const code = fields.map((field) => object[field]).find((value) => typeof value === 'number');
  if (typeof code !== 'number') return { reason: 'bad-answer', isRetryable: false };
  return code === 0 ? undefined : { reason: `errcode-${code}`, isRetryable: retryable.has(code) };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
