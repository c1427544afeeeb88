import type { HostPort } from './redis-address.ts';

/** Slots `from` to `to`, both included, and the server that has them. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly master: HostPort;
}

/**
 * Reads what `CLUSTER SLOTS` answered.
 *
 * @param asked the server that answered: one that does not know its own address leaves it empty
 * @returns undefined: this is no such answer
 */
export function slotRanges(reply: unknown, asked: HostPort): readonly SlotRange[] | undefined {
  if (!Array.isArray(reply)) return undefined;
  const ranges: SlotRange[] = [];
  for (const range of reply) {
    const [from, to, master]: unknown[] = Array.isArray(range) ? range : [];
    if (typeof from !== 'number' || typeof to !== 'number' || !Array.isArray(master)) return undefined;
    const [host, port]: unknown[] = master;
    if (typeof port !== 'number') return undefined;
    const given = typeof host === 'string' || Buffer.isBuffer(host) ? host.toString() : '';
    ranges.push({ from, to, master: { host: given === '' || given === '?' ? asked.host : given, port } });
  }
  return ranges;
}

/** Reads where an error sends one: `MOVED 3999 127.0.0.1:6381`, `ASK …`. @returns undefined: nowhere */
export function redirectedTo(message: string, asked: HostPort): { readonly isAsking: boolean; readonly host: HostPort } | undefined {
  const { kind, host, port } = /^(?<kind>MOVED|ASK) \d+ (?<host>.*):(?<port>\d+)$/.exec(message)?.groups ?? {};
  if (kind === undefined || host === undefined) return undefined;
  return { isAsking: kind === 'ASK', host: { host: host === '' ? asked.host : host, port: Number(port) } };
}
