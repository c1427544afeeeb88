/** @returns `153,082`, `12.3` below a hundred: three digits tell enough of a rate */
export function rateText(perSecond: number): string {
  return perSecond < 100 ? String(Math.round(perSecond * 10) / 10) : Math.round(perSecond).toLocaleString('en-US');
}

/** @returns `0.18 ms`, `12.3 ms`, `1.25 s`; `–` for null */
export function latencyText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** @returns `228 MB` */
export function memoryText(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** @returns `none`, or `12: 1005 overloaded 10, connection lost 2` */
export function errorsText(errorsByKind: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(errorsByKind);
  if (kinds.length === 0) return 'none';
  const all = kinds.reduce((sum, [, count]) => sum + count, 0);
  return `${all.toLocaleString('en-US')}: ${kinds.map(([kind, count]) => `${kind} ${count.toLocaleString('en-US')}`).join(', ')}`;
}
