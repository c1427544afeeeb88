/** What a value is bound as; `json` and `blob` are for LOB columns, though a short one goes as a text or as RAW where that will do. */
export type BindType = 'number' | 'text' | 'time' | 'bytes' | 'json' | 'blob';

/**
 * A value with the type that it is bound as, null included: Oracle would take an untyped null for a text, which is no type for a
 * timestamp, and a driver's own types belong to one copy of the driver.
 */
export class TypedCell {
  readonly type: BindType;
  readonly value: bigint | number | string | Date | Buffer | null;

  constructor(type: BindType, value: TypedCell['value']) {
    this.type = type;
    this.value = value;
  }
}

/** What is bound. Plain values are those of statements without columns of ours, such as migrations. */
export type OracleCell = TypedCell | bigint | number | string | Buffer | null;

/**
 * A moment as the driver is to write it into a TIMESTAMP: it takes the fields that a Date shows in the zone of the process, where an
 * hour may be missing or come twice. This one shows the fields of UTC.
 */
export class UtcMoment extends Date {
  override getFullYear(): number {
    return this.getUTCFullYear();
  }

  override getMonth(): number {
    return this.getUTCMonth();
  }

  override getDate(): number {
    return this.getUTCDate();
  }

  override getHours(): number {
    return this.getUTCHours();
  }

  override getMinutes(): number {
    return this.getUTCMinutes();
  }

  override getSeconds(): number {
    return this.getUTCSeconds();
  }
}
