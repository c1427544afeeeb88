import type { Session } from '../database.ts';
import type { RowValues } from '../dialects/dialect.ts';
import type { Entity } from '../entity.ts';
import { changeRecord } from './records.ts';
import { keyTexts, rowId } from './shard-key.ts';

/** The rows that one transaction changed while its key was being moved. */
export class ChangeNotes {
  readonly #rows = new Map<string, { readonly entity: string; readonly key: readonly string[] }>();

  /** @param key the row, or its key columns */
  add(entity: Entity, key: RowValues): void {
    const texts = keyTexts(entity, key);
    this.#rows.set(rowId(entity, texts), { entity: entity.name, key: texts });
  }

  /** Writes them down in the transaction that changed them, so that both happen or neither. */
  async write(session: Session): Promise<void> {
    if (this.#rows.size === 0) return;
    // Whoever takes several of these rows takes them in one order, so that none waits for another in a circle.
    const rows = [...this.#rows].map(([id, { entity, key }]) => ({ id, entity, key, times: 1n })).sort((a, b) => (a.id < b.id ? -1 : 1));
    await session.dao(changeRecord).addMany(rows, ['times']);
  }
}
