import { type KeyObject, createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Column } from './column.ts';
import type { Entity } from './entity.ts';
import { DaoError } from './errors.ts';
import { checkValue } from './values.ts';

const macBytes = 16;
/** Room for several sort texts of 4000 characters; longer input is refused before it is decoded. */
const maxCursorLength = 65_536;

/**
 * Signs the place where a page ended, so that the next one begins behind it and nobody can make up a place.
 * Cursors are signed, not encrypted: they hold the sort values of a row that the reader has seen.
 */
export class CursorSigner {
  /** Made once: from bytes it would be made for each cursor, which costs several times the signature. */
  readonly #secret: KeyObject;

  /** @throws {DaoError} `ERR_DAO_INPUT`: a secret of fewer than 16 bytes */
  constructor(secret: Uint8Array = randomBytes(32)) {
    if (secret.byteLength < 16) throw new DaoError('ERR_DAO_INPUT', 'cursorSecret must have at least 16 bytes');
    this.#secret = createSecretKey(secret);
  }

  /** @returns an opaque cursor of URL-safe characters for the row after which the next page begins */
  sign(entity: Entity, order: CursorOrder, row: Readonly<Record<string, unknown>>): string {
    const place = order.orderBy.map((name) => toText(row[name]));
    const payload = Buffer.from(JSON.stringify([entity.name, order.descending, order.orderBy, place]));
    return Buffer.concat([this.#mac(payload), payload]).toString('base64url');
  }

  /**
   * @returns the values of the order's columns
   * @throws {DaoError} `ERR_DAO_CURSOR`: not signed by this key, or made for another entity or order
   */
  verify(entity: Entity, order: CursorOrder, cursor: string): readonly unknown[] {
    // Made only where it is thrown: its stack costs more than all the rest.
    const invalid = (): DaoError => new DaoError('ERR_DAO_CURSOR', 'cursor is not valid for this list', { entity: entity.name });
    if (typeof cursor !== 'string' || cursor.length > maxCursorLength || !/^[\w-]+$/.test(cursor)) throw invalid();
    const bytes = Buffer.from(cursor, 'base64url');
    const payload = bytes.subarray(macBytes);
    if (bytes.length <= macBytes || !timingSafeEqual(bytes.subarray(0, macBytes), this.#mac(payload))) throw invalid();
    const signed: unknown = JSON.parse(payload.toString());
    if (!isPayload(signed)) throw invalid();
    const [name, descending, orderBy, place] = signed;
    if (name !== entity.name || descending !== order.descending || orderBy.join() !== order.orderBy.join()) throw invalid();
    return order.orderBy.map((column, index) => placeValue(entity, column, place[index], invalid));
  }

  #mac(payload: Uint8Array): Buffer {
    return createHmac('sha256', this.#secret).update(payload).digest().subarray(0, macBytes);
  }
}

/** The order that a cursor belongs to. */
export interface CursorOrder {
  readonly orderBy: readonly string[];
  readonly descending: boolean;
}

type Payload = [name: string, descending: boolean, orderBy: readonly string[], place: readonly string[]];

function isPayload(value: unknown): value is Payload {
  return Array.isArray(value) && value.length === 4 && Array.isArray(value[2]) && Array.isArray(value[3]);
}

function toText(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function placeValue(entity: Entity, name: string, text: string | undefined, invalid: () => DaoError): unknown {
  const column = entity.columns[name];
  if (column === undefined || text === undefined) throw invalid();
  const value = fromText(column, text);
  // The signature says that it was ours, but perhaps of an older release with wider columns.
  checkValue(entity, name, column, value);
  return value;
}

function fromText({ kind }: Column, text: string): unknown {
  if (kind === 'id' || kind === 'int64') return BigInt(text);
  if (kind === 'int') return Number(text);
  if (kind === 'timestamp') return new Date(text);
  if (kind === 'bool') return text === 'true';
  return text;
}
