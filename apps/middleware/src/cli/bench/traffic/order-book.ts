/** Steps of an order, in their order. */
export const orderSteps = ['create', 'pay', 'deliver'] as const;

/** What is asked for an order. */
export type OrderStep = (typeof orderSteps)[number];

/** An order as the stress run knows it: what was acknowledged, and no more. */
export interface BookedOrder {
  /** In its metadata, so that it is found whether its answer came or not. */
  readonly tag: string;
  readonly playerId: string;
  /** Of the answer; undefined: its creation was never acknowledged. */
  id: string | undefined;
  /** Steps that were acknowledged, 0 to 3. */
  done: number;
}
