// antlr4 4.13.0 names a file of types in its manifest that it does not ship: these are the parts that the tests use.
declare module 'antlr4' {
  export class Token {
    static readonly EOF: number;
    readonly type: number;
    readonly line: number;
    /** From 0. */
    readonly column: number;
    readonly text: string;
  }

  export class CharStream {
    constructor(text: string);
    readonly size: number;
  }

  export class ErrorListener {
    syntaxError(recognizer: unknown, symbol: unknown, line: number, column: number, message: string, error: unknown): void;
  }

  class Recognizer {
    removeErrorListeners(): void;
    addErrorListener(listener: ErrorListener): void;
  }

  export class Lexer extends Recognizer {
    constructor(input: CharStream);
  }

  export class CommonTokenStream {
    constructor(lexer: Lexer);
    /** The token that is `ahead` places further, 1 for the next. */
    LT(ahead: number): Token;
  }

  export class Parser extends Recognizer {
    constructor(tokens: CommonTokenStream);
    buildParseTrees: boolean;
    /** The part that predicts; 0 is SLL, 1 is LL. */
    readonly _interp: { predictionMode: number };
  }
}
