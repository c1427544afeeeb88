import { CodecError } from './codec-error.ts';

/** Narrow readers for bodies of fixed shape; each names the path of the field at fault. Unknown fields are ignored, so that later versions may add some. */
export type Shape = Readonly<Record<string, unknown>>;

/** Longest text that a body of fixed shape may hold where it says nothing else: names, ids, reasons. */
const defaultMaxLength = 1024;

/** A fault of one field. */
export function shapeError(path: string, expected: string): CodecError {
  return new CodecError('ERR_CODEC_BODY', `${path === '' ? 'the body' : path} must be ${expected}`, { path });
}

/** Path of a field inside another. */
export function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The value as an object with named fields. */
export function shapeOf(value: unknown, path: string): Shape {
  if (!isShape(value)) throw shapeError(path, 'an object');
  return value;
}

function isShape(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of text that is not empty. */
export function textOf(shape: Shape, key: string, path: string, maxLength: number = defaultMaxLength): string {
  const value = shape[key];
  if (typeof value !== 'string' || value === '' || value.length > maxLength) {
    throw shapeError(joinPath(path, key), `text of 1 to ${maxLength} characters`);
  }
  return value;
}

/** A field of text for people, of any length. */
export function messageOf(shape: Shape, key: string): string {
  const value = shape[key];
  if (typeof value !== 'string') throw shapeError(key, 'text');
  return value;
}

/** A field that is an integer from 0 to 2⁵³−1. */
export function countOf(shape: Shape, key: string, path: string): number {
  const value = shape[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw shapeError(joinPath(path, key), 'an integer from 0');
  return value;
}

/** A field that is true or false; `missing` stands for it where it is left out. */
export function flagOf(shape: Shape, key: string, path: string, missing?: boolean): boolean {
  const value = shape[key] ?? missing;
  if (typeof value !== 'boolean') throw shapeError(joinPath(path, key), 'true or false');
  return value;
}

/** A field that is an array; `missing` stands for it where it is left out. */
export function listOf(shape: Shape, key: string, path: string, missing?: readonly unknown[]): readonly unknown[] {
  const value = shape[key] ?? missing;
  if (!Array.isArray(value)) throw shapeError(joinPath(path, key), 'an array');
  return value;
}
