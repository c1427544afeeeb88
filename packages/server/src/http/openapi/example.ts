import { isSchema } from '../coercion.ts';

/** What a field of a well-known name looks like. */
const known: Readonly<Record<string, unknown>> = {
  name: 'Freya',
  class: 'ranger',
  itemType: 'potion.healing',
  quantity: '3',
  amount: '120',
  currency: 'gold',
  reason: 'quest reward',
  product: 'starter-pack',
  transactionId: 'txn-000042',
  password: 'correct horse battery staple',
};

/**
 * An example of a required field, so that a request can be sent from the docs page as it stands.
 *
 * @param name the field's name
 * @param schema the field's JSON Schema
 */
export function exampleOf(name: string, schema: unknown): unknown {
  if (!isSchema(schema)) return null;
  if ('default' in schema) return schema['default'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (name in known && schema['type'] === 'string') return known[name];
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return name.toLowerCase().endsWith('id') ? '42' : 'text';
  }
}
