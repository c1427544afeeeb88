/**
 * What the client needs to know of an operation. An operation of `@midgard/game-kit` is one; the client does not import
 * that package, so a game's client carries no server code.
 */
export interface OperationShape {
  /** On the wire. */
  readonly code: number;
  /** Such as `player.get`. */
  readonly name: string;
  /** Method and path below `/api/v1/games/{game}`, such as `GET /players/:id`. */
  readonly http: string;
  /** A read may be sent again after a lost connection. */
  readonly kind: 'read' | 'write';
  /** Never set: holds the types of input and output as a client sees them. */
  readonly types?: { readonly input: unknown; readonly output: unknown };
}

/** What the client needs to know of a game; what `defineGame` of `@midgard/game-kit` gives is one. */
export interface GameShape {
  readonly manifest: { readonly id: string; readonly number: number };
  readonly operations: readonly OperationShape[];
}

/** The names of a game's operations. */
export type OperationName<Game extends GameShape> = Game['operations'][number]['name'];

type TypesOf<Game extends GameShape, Name> =
  Extract<Game['operations'][number], { readonly name: Name }> extends {
    readonly types?: { readonly input: infer Input; readonly output: infer Output };
  }
    ? { readonly input: Input; readonly output: Output }
    : never;

/** What an operation takes, ids as digits or bigint. */
export type InputOf<Game extends GameShape, Name extends OperationName<Game>> = TypesOf<Game, Name>['input'];

/** What an operation answers, ids as digits, times as ISO 8601. */
export type OutputOf<Game extends GameShape, Name extends OperationName<Game>> = TypesOf<Game, Name>['output'];
