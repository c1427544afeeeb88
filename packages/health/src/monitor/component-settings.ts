import { matching, wholeNumber } from '../options.ts';
import type { ComponentOptions } from './component.ts';

/** A component's options with their defaults. */
export type ComponentSettings = Readonly<Required<{ [K in Exclude<keyof ComponentOptions, 'check'>]: NonNullable<ComponentOptions[K]> }>>;

/** @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field */
export function componentSettings(options: ComponentOptions): ComponentSettings {
  const { isCritical = false, deadlineMs = 2000, ttlMs = 5000, fall = 3, rise = 2 } = options;
  const name = matching('name', options.name, /^[A-Za-z][\w.:-]{0,63}$/, 'a letter and at most 63 more letters, digits, ".", "_", ":" or "-"');
  return {
    name,
    kind: matching(`${name}: kind`, options.kind, /^[A-Za-z][A-Za-z0-9-]{0,31}$/, 'a letter and at most 31 more letters, digits or "-"'),
    isCritical,
    deadlineMs: wholeNumber(`${name}: deadlineMs`, deadlineMs, 1, 600_000),
    ttlMs: wholeNumber(`${name}: ttlMs`, ttlMs, 0, 3_600_000),
    fall: wholeNumber(`${name}: fall`, fall, 1, 100),
    rise: wholeNumber(`${name}: rise`, rise, 1, 100),
  };
}
