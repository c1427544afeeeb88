import { DaoError } from '../errors.ts';
import { maxWrapperId } from './key-records.ts';
import type { KeyWrapper } from './key-wrapper.ts';

/** How a database encrypts; for {@link DatabaseOptions}. */
export interface EncryptionOptions {
  /** Wraps new data keys, and unwraps those that it has wrapped. */
  readonly keyWrapper: KeyWrapper;
  /** Wrappers of before, which unwrap what they have wrapped until `rewrap` has been run. Default: none. */
  readonly formerKeyWrappers?: readonly KeyWrapper[];
  /** How often it looks for a data key that another instance has begun, in milliseconds, 1 to 3 600 000 (10 000). The same for all instances. */
  readonly refreshMs?: number;
  /**
   * About how many values a data key encrypts before the next one begins by itself, 1 to 2^31 (2^31): half of the 2^32 that SP 800-38D (8.3)
   * allows a key with random nonces, so that what instances have not counted yet when they end does no harm.
   */
  readonly maxValuesPerKey?: number;
}

const limits = { refreshMs: { most: 3_600_000, usual: 10_000 }, maxValuesPerKey: { most: 2 ** 31, usual: 2 ** 31 } } as const;

/** @returns the options with their defaults. @throws {DaoError} `ERR_DAO_INPUT` */
export function requireEncryptionOptions({ keyWrapper, formerKeyWrappers = [], ...rest }: EncryptionOptions): Required<EncryptionOptions> {
  for (const wrapper of [keyWrapper, ...formerKeyWrappers]) requireWrapper(wrapper);
  return {
    keyWrapper,
    formerKeyWrappers,
    refreshMs: bounded('refreshMs', rest.refreshMs),
    maxValuesPerKey: bounded('maxValuesPerKey', rest.maxValuesPerKey),
  };
}

function bounded(name: keyof typeof limits, value: number = limits[name].usual): number {
  if (Number.isInteger(value) && value >= 1 && value <= limits[name].most) return value;
  throw new DaoError('ERR_DAO_INPUT', `${name} must be an integer from 1 to ${limits[name].most}`);
}

function requireWrapper({ id }: KeyWrapper): void {
  if (typeof id === 'string' && id.length >= 1 && id.length <= maxWrapperId && /^[\x20-\x7E]+$/.test(id)) return;
  throw new DaoError('ERR_DAO_INPUT', `the id of a KeyWrapper has 1 to ${maxWrapperId} characters of ASCII`);
}
