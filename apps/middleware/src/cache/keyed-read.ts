import { type GameRuntime, type Operation, pathParameters } from '@midgard/game-kit';

/** A read whose answer stands under a key of the cache. */
export interface KeyedRead {
  readonly runtime: GameRuntime;
  readonly operation: Operation;
  readonly input: object;
}

/** The read that a reader of this key makes. @returns undefined where the key does not tell the whole path */
export function keyedRead(runtime: GameRuntime, operation: Operation, key: string): KeyedRead | undefined {
  const [parameter, ...others] = pathParameters(operation.http);
  return parameter === undefined || others.length > 0 ? undefined : { runtime, operation, input: { [parameter]: key } };
}
