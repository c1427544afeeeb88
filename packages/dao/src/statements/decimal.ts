/** @returns a decimal as an integer of its smallest unit */
export function toUnits(value: string, scale: number): bigint {
  const [whole = '', fraction = ''] = value.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

/** @returns the decimal of so many smallest units, with always `scale` digits behind the point */
export function fromUnits(units: string, scale: number): string {
  if (scale === 0) return units;
  const digits = units.replace('-', '').padStart(scale + 1, '0');
  return `${units.startsWith('-') ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
