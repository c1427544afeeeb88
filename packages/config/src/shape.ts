import { z } from 'zod';
import { isMap, type PlainMap } from './path.ts';

/** Any zod schema, of zod or zod/mini. */
export type Schema = z.core.$ZodType;

/** What a schema accepts, seen through optional, default, pipes and other wrappers. */
export type Shape =
  | { readonly kind: 'object'; readonly keys: ReadonlyMap<string, Schema>; readonly isOpen: boolean }
  | { readonly kind: 'record'; readonly key: Schema; readonly value: Schema }
  | { readonly kind: 'list'; readonly element: Schema }
  | { readonly kind: 'leaf'; readonly schema: Schema };

/**
 * Looks through the wrappers of a schema. A union gives each of its alternatives, everything else one shape.
 *
 * @param schema any schema; a lazy one is resolved, one level at a time
 */
export function shapesOf(schema: Schema): readonly Shape[] {
  const inner = unwrap(schema);
  if (inner !== undefined) return shapesOf(inner);
  if (schema instanceof z.core.$ZodUnion) return alternatives(schema).flatMap((option) => shapesOf(option));
  if (schema instanceof z.core.$ZodIntersection) return merged(shapesOf(schema._zod.def.left), shapesOf(schema._zod.def.right));
  if (schema instanceof z.core.$ZodObject) return [objectShape(schema)];
  if (schema instanceof z.core.$ZodRecord) return [{ kind: 'record', key: schema._zod.def.keyType, value: schema._zod.def.valueType }];
  if (schema instanceof z.core.$ZodArray) return [{ kind: 'list', element: schema._zod.def.element }];
  return [{ kind: 'leaf', schema }];
}

/** The schema of one key below a schema, undefined where the schema has none of that name. */
export function childOf(schema: Schema, key: string | number): Schema | undefined {
  for (const shape of shapesOf(schema)) {
    const child = childOfShape(shape, key);
    if (child !== undefined) return child;
  }
  return undefined;
}

/** The map that a schema starts from when nothing is given (`default`, `prefault`); undefined when it has none. */
export function initialOf(schema: Schema): PlainMap | undefined {
  if (schema instanceof z.core.$ZodDefault || schema instanceof z.core.$ZodPrefault) {
    const initial: unknown = schema._zod.def.defaultValue;
    return isMap(initial) ? initial : undefined;
  }
  const inner = unwrap(schema);
  return inner === undefined ? undefined : initialOf(inner);
}

function childOfShape(shape: Shape, key: string | number): Schema | undefined {
  if (shape.kind === 'object') return shape.keys.get(String(key));
  if (shape.kind === 'record') return shape.value;
  return shape.kind === 'list' ? shape.element : undefined;
}

function unwrap(schema: Schema): Schema | undefined {
  if (schema instanceof z.core.$ZodLazy) return schema._zod.def.getter();
  // A preprocess step is a pipe from a transform, which says nothing about its input.
  if (schema instanceof z.core.$ZodPipe) return schema._zod.def.in instanceof z.core.$ZodTransform ? schema._zod.def.out : schema._zod.def.in;
  if (schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodNonOptional) return schema._zod.def.innerType;
  if (schema instanceof z.core.$ZodDefault || schema instanceof z.core.$ZodPrefault) return schema._zod.def.innerType;
  if (schema instanceof z.core.$ZodNullable || schema instanceof z.core.$ZodReadonly || schema instanceof z.core.$ZodCatch) return schema._zod.def.innerType;
  return undefined;
}

function alternatives(schema: z.core.$ZodUnion): readonly Schema[] {
  return schema._zod.def.options;
}

function objectShape(schema: z.core.$ZodObject): Shape {
  const { shape, catchall } = schema._zod.def;
  const isOpen = catchall !== undefined && !(catchall instanceof z.core.$ZodNever);
  return { kind: 'object', keys: new Map(Object.entries(shape)), isOpen };
}

/** Both sides of an intersection hold: two objects become one, anything else stays side by side. */
function merged(left: readonly Shape[], right: readonly Shape[]): readonly Shape[] {
  const [first] = left;
  const [second] = right;
  if (first?.kind !== 'object' || second?.kind !== 'object') return [...left, ...right];
  return [{ kind: 'object', keys: new Map([...first.keys, ...second.keys]), isOpen: first.isOpen || second.isOpen }];
}
