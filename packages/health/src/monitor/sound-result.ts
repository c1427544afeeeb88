import { reasonOf } from '../errors.ts';
import type { Ended } from '../deadline.ts';
import type { CheckResult, Details } from './component.ts';

const reasonWord = /^[A-Za-z0-9._-]{1,64}$/;
const maxDetails = 16;
const maxTextLength = 200;

/** What a check's end means. Checks are other people's code: what they answer is looked at before it is shown. */
export function resultOf(ended: Ended<CheckResult>): CheckResult {
  if (ended.how === 'late') return { status: 'down', reason: 'timeout' };
  if (ended.how === 'failed') return { status: 'down', reason: reasonOf(ended.error, 'failed') };
  return soundResult(ended.value);
}

function soundResult(answer: unknown): CheckResult {
  if (typeof answer !== 'object' || answer === null || !('status' in answer)) return invalid;
  const { status } = answer;
  if (status !== 'up' && status !== 'degraded' && status !== 'down') return invalid;
  const reason = 'reason' in answer ? answer.reason : undefined;
  const details = 'details' in answer ? answer.details : undefined;
  return {
    status,
    // A sentence may be an error's message; only a word is passed on.
    reason: typeof reason === 'string' ? (reasonWord.test(reason) ? reason : 'other') : undefined,
    details: soundDetails(details),
  };
}

const invalid: CheckResult = { status: 'down', reason: 'invalid-result' };

function soundDetails(details: unknown): Details {
  if (typeof details !== 'object' || details === null) return {};
  const kept = Object.entries(details).flatMap(([name, value]): [string, string | number | boolean][] => {
    if (typeof value === 'string') return [[name, value.slice(0, maxTextLength)]];
    return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? [[name, value]] : [];
  });
  return Object.fromEntries(kept.slice(0, maxDetails));
}
