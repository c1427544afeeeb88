/** Where a value stands in a cache, for who wants to ask again and again whether it is still there, without its key. */
export interface Ticket {
  readonly slot: number;
  /** Which of the values that come to stand there over time. */
  readonly stamp: number;
}
