/** Values and frames between the double and its bridge; bridge/Wire.java is the other end. Numbers are big-endian. */

/** What the bridge is asked. */
export const operation = { hello: 1, execute: 2, commit: 3, rollback: 4, ping: 5, break: 6, snapshot: 7 } as const;
/** How the bridge runs a statement. */
export const executeFlag = { query: 1, ddl: 2, batchErrors: 4 } as const;

const tag = { null: 0, text: 1, number: 2, bytes: 3, localTime: 4, instant: 5, double: 6, boolean: 7 } as const;

/** A value as it travels: times are milliseconds, local ones as if they were UTC. */
export type WireValue =
  | null
  | string
  | Buffer
  | { readonly number: string }
  | { readonly localMs: number }
  | { readonly instantMs: number }
  | { readonly double: number }
  | { readonly boolean: boolean };

/** The bridge calls a database by its service name in hexadecimal digits, so that every name is safe in H2's URL. */
export function databaseName(service: string): string {
  return Buffer.from(service.toUpperCase()).toString('hex');
}

/** Builds a request. */
export class Writer {
  #bytes = Buffer.allocUnsafe(1024);
  #length = 0;

  u8(value: number): this {
    this.#room(1);
    this.#length = this.#bytes.writeUInt8(value, this.#length);
    return this;
  }

  u16(value: number): this {
    this.#room(2);
    this.#length = this.#bytes.writeUInt16BE(value, this.#length);
    return this;
  }

  i32(value: number): this {
    this.#room(4);
    this.#length = this.#bytes.writeInt32BE(value, this.#length);
    return this;
  }

  double(value: number): this {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleBE(value, this.#length);
    return this;
  }

  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.i32(length);
    this.#room(length);
    this.#length += this.#bytes.write(value, this.#length);
    return this;
  }

  bytes(value: Buffer): this {
    this.i32(value.length);
    this.#room(value.length);
    this.#length += value.copy(this.#bytes, this.#length);
    return this;
  }

  value(value: WireValue): this {
    if (value === null) return this.u8(tag.null);
    if (typeof value === 'string') return this.u8(tag.text).text(value);
    if (Buffer.isBuffer(value)) return this.u8(tag.bytes).bytes(value);
    if ('number' in value) return this.u8(tag.number).text(value.number);
    if ('localMs' in value) return this.u8(tag.localTime).double(value.localMs);
    if ('instantMs' in value) return this.u8(tag.instant).double(value.instantMs);
    if ('double' in value) return this.u8(tag.double).double(value.double);
    return this.u8(tag.boolean).u8(value.boolean ? 1 : 0);
  }

  /** @returns what was written, behind its length */
  frame(): Buffer {
    const frame = Buffer.allocUnsafe(this.#length + 4);
    frame.writeInt32BE(this.#length, 0);
    this.#bytes.copy(frame, 4, 0, this.#length);
    return frame;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads a reply. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  u16(): number {
    this.#at += 2;
    return this.#bytes.readUInt16BE(this.#at - 2);
  }

  i32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleBE(this.#at - 8);
  }

  text(): string {
    const end = this.i32() + this.#at;
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  bytes(): Buffer {
    const end = this.i32() + this.#at;
    const bytes = Buffer.from(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }

  value(): WireValue {
    const kind = this.u8();
    if (kind === tag.null) return null;
    if (kind === tag.text) return this.text();
    if (kind === tag.number) return { number: this.text() };
    if (kind === tag.bytes) return this.bytes();
    if (kind === tag.localTime) return { localMs: this.double() };
    if (kind === tag.instant) return { instantMs: this.double() };
    if (kind === tag.double) return { double: this.double() };
    return { boolean: this.u8() === 1 };
  }
}
