import type { Operation } from '@midgard/game-kit';
import { z } from 'zod';

/** Whose id stands in each place of an input that takes one, by the place's path, such as `second.playerId`. */
export type IdAt = (path: string) => string;

const samples: readonly unknown[] = ['gold', '3', 3, {}, [], true, '2026-01-31T12:00:00Z', 'correct horse battery staple', 'active'];

/**
 * Makes an input that the operation's schema takes: what must be given, and every id that can be.
 *
 * @throws an operation has a field for which no sample fits: it needs one here
 */
export function sampleInput(operation: Operation, idAt: IdAt): Record<string, unknown> {
  return sampleObject(operation.input, idAt, '', operation.name);
}

/** The paths of the ids in an operation's input. */
export function idPaths(operation: Operation): readonly string[] {
  const paths: string[] = [];
  sampleInput(operation, (path) => {
    paths.push(path);
    return '42';
  });
  return paths;
}

/** The paths of the objects in an operation's input that have fields of their own; `''` is the input itself. */
export function objectPaths({ input }: Operation): readonly string[] {
  const nested = Object.entries(input.shape).flatMap(([name, field]) => (field instanceof z.ZodObject ? [name] : []));
  return ['', ...nested];
}

function sampleObject({ shape }: z.ZodObject, idAt: IdAt, at: string, operation: string): Record<string, unknown> {
  const fields = Object.entries(shape).flatMap(([name, field]) => {
    const path = at === '' ? name : `${at}.${name}`;
    if (/id$/i.test(name) && accepts(field, '42')) return [[name, idAt(path)] as const];
    if (field instanceof z.ZodObject) return [[name, sampleObject(field, idAt, path, operation)] as const];
    if (accepts(field, undefined)) return [];
    if (name === 'idempotencyKey') return [[name, `attack-${(used += 1)}`] as const];
    const fitting = samples.find((sample) => accepts(field, sample));
    if (fitting === undefined) throw new Error(`${operation}: no sample fits ${path}`);
    return [[name, fitting] as const];
  });
  return Object.fromEntries(fields);
}

let used = 0;

function accepts(field: z.core.$ZodType, value: unknown): boolean {
  return z.safeParse(field, value).success;
}
