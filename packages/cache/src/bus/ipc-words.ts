/**
 * What goes over the channel; other things may go over it too.
 *
 * - `hello`: an instance listens from now on; `joined` answers, and whatever is said after it arrives
 * - `say`: an instance has this to say; `said` answers once it is on its way to all others, to whom it is a `word`
 */
export type IpcWord =
  | { readonly kind: 'hello' | 'joined' }
  | { readonly kind: 'say'; readonly id: number; readonly message: string }
  | { readonly kind: 'said'; readonly id: number }
  | { readonly kind: 'word'; readonly message: string };

const mark = 'midgard.cache.bus';

/** Marks a word as ours. */
export function wrapWord(word: IpcWord): object {
  return { [mark]: word };
}

/** @returns undefined: this is somebody else's message */
export function unwrapWord(envelope: unknown): IpcWord | undefined {
  if (typeof envelope !== 'object' || envelope === null || !(mark in envelope)) return undefined;
  const word: unknown = envelope[mark];
  if (typeof word !== 'object' || word === null || !('kind' in word)) return undefined;
  const { kind } = word;
  const id = 'id' in word && typeof word.id === 'number' ? word.id : undefined;
  const message = 'message' in word && typeof word.message === 'string' ? word.message : undefined;
  if (kind === 'hello' || kind === 'joined') return { kind };
  if (kind === 'say' && id !== undefined && message !== undefined) return { kind, id, message };
  if (kind === 'said' && id !== undefined) return { kind, id };
  return kind === 'word' && message !== undefined ? { kind, message } : undefined;
}
