import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { settle } from './fake-time.ts';

/** Whether nothing keeps an object alive any more. */
export async function isCollected(reference: WeakRef<object>): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // A WeakRef keeps its object until the turn is over in which it was made or asked.
  await settle();
  collect();
  return reference.deref() === undefined;
}
