export { type ErrorEntry, type ErrorName, errorNameOf, errorTable, httpStatusOf, isErrorCode, isErrorName } from './table.ts';
export { type ErrorBody, type JsonValue, MidgardError, type MidgardErrorOptions } from './midgard-error.ts';
export { toMidgardError } from './convert.ts';
