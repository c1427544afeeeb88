/** Changes with the meaning of the parts below, so that no place of one meaning is one of another. */
const meaning = 'midgard-dao/1';

/**
 * Where a value belongs, as the additional data of its encryption: so it decrypts nowhere else (SP 800-38D, 5.2.1.1).
 *
 * A list of texts as JSON cannot be read as another list: texts are well-formed, and JSON quotes what would end one.
 *
 * @param hash of a searchable value: a hash that was put beside another value refuses it, too
 * @param key values of all key columns, in the order of the entity
 */
export function placeOf(table: string, column: string, hash: string | null, key: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify([meaning, table, column, hash, ...key.map(String)]));
}
