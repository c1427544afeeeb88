import type { EncryptionOptions, KeyWrapper } from '@midgard/dao';
import { noteCall } from '../tracing/note-call.ts';
import type { NoteWork } from '../tracing/open-tracing.ts';
import { recordedSpan } from '../tracing/recorded-span.ts';

/** How the ids of wrappers begin that need nobody else: there is nothing to wait for. */
const localPrefix = 'local-';

/**
 * Has the questions to a key management service told of, as parts of the request that waits for them, else as traces of their own.
 *
 * @param note undefined: nobody follows anything
 */
export function followedKeys(options: EncryptionOptions, note: NoteWork | undefined): EncryptionOptions {
  if (note === undefined) return options;
  const { keyWrapper, formerKeyWrappers = [] } = options;
  return { ...options, keyWrapper: followed(keyWrapper, note), formerKeyWrappers: formerKeyWrappers.map((wrapper) => followed(wrapper, note)) };
}

function followed(wrapper: KeyWrapper, note: NoteWork): KeyWrapper {
  const { id } = wrapper;
  if (id.startsWith(localPrefix)) return wrapper;
  const ask = (name: string, call: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array> => {
    const span = recordedSpan();
    return noteCall(span === undefined ? note : (part) => span.note(part), { name, attributes: { 'midgard.key_wrapper': id } }, async () => call());
  };
  return {
    id,
    wrap: (key, context) => ask('wrap data key', () => wrapper.wrap(key, context)),
    unwrap: (wrapped, context) => ask('unwrap data key', () => wrapper.unwrap(wrapped, context)),
  };
}
