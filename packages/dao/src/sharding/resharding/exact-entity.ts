import { Column } from '../../column.ts';
import type { Entity } from '../../entity.ts';

/**
 * @returns the same table as an entity whose version and times are columns like others: so a row is written exactly as it is, and
 *   does not become a newer one by being carried
 */
export function exactEntity(entity: Entity): Entity {
  const columns = Object.entries(entity.columns).map(([name, { kind, traits }]) => [name, new Column(kind, { ...traits, role: null })] as const);
  return { ...entity, columns: Object.fromEntries(columns), managed: {} };
}
