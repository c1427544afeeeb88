import type { Operator } from '../conditions.ts';

/** A comparison without its values: `size` placeholders stand for them. */
export interface ConditionShape {
  readonly column: string;
  readonly operator: Operator;
  readonly size: number;
}

/** What a select looks like without its values. */
export interface SelectShape {
  readonly where: readonly ConditionShape[];
  readonly orderBy: readonly string[];
  readonly descending: boolean;
  readonly hasAfter: boolean;
}

/** What happens to a row whose key is there when rows are merged. */
export interface MergeShape {
  /** Columns that get the new row's value. */
  readonly replaced: readonly string[];
  /** Columns that get the new row's value added. */
  readonly added: readonly string[];
  /** Column that gets one more. */
  readonly stepped: string | undefined;
  /** Column whose value must be below the new row's, else the row stays as it is. */
  readonly raised: string | undefined;
}

/** What an update does, without its values. */
export interface UpdateShape {
  readonly set: readonly string[];
  readonly add: readonly string[];
  readonly where: readonly ConditionShape[];
}
