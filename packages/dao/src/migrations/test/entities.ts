import { createdAt, id, text } from '../../column.ts';
import { type ColumnMap, type Entity, defineEntity } from '../../entity.ts';

/** @returns an entity whose columns and indexes a test chooses; its key is `id` */
export function thing(columns: ColumnMap, indexes: { readonly on: readonly string[]; readonly unique?: boolean }[] = []): Entity {
  // @ts-expect-error the names of these columns are not known to the types
  return defineEntity('thing', { columns: { id: id(), ...columns }, key: ['id'], indexes });
}

/** Events, kept by the year. */
export const event: Entity = defineEntity('event', {
  columns: { id: id(), kind: text(32), createdAt: createdAt() },
  key: ['id'],
  indexes: [{ on: ['kind', 'id'] }],
  partition: { by: 'id', every: 'year' },
});
