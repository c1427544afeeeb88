/** Something that Oracle would not take, or that we do not want to send to it. */
export interface Finding {
  /** Stable name of the rule; `grammar` for what is no sentence of the language. */
  readonly rule: string;
  /** Oracle's error, such as `ORA-00923`; `none` where Oracle takes it and does what nobody wants. */
  readonly ora: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** What stands there, or what the parser says. */
  readonly detail: string;
}
