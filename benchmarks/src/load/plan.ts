/** A kind of request that is sent again and again. */
export interface RequestKind {
  readonly bytes: Buffer;
  /** How often it is chosen beside the others (default 1). */
  readonly weight?: number;
  /** Where a key is put into it. */
  readonly keyAt?: number;
  /** Where 16 hexadecimal digits are put that no other request has. */
  readonly uniqueAt?: number;
}

/** Keys that requests ask for: lines of one length in a file. */
export interface Keys {
  /** `zipf`: with the exponent 0.99, the first key of the file is the hottest. `sequence`: one after the other. */
  readonly distribution: 'uniform' | 'zipf' | 'sequence';
  readonly file: string;
}

/** A server, and what it is asked. */
export interface Target {
  readonly protocol: 'midgard' | 'redis' | 'memcached' | 'http';
  /** On 127.0.0.1. */
  readonly port: number;
  /** Sent first on each connection; the server answers it before it is asked anything. */
  readonly hello?: Buffer;
  readonly requests: readonly RequestKind[];
  readonly keys?: Keys;
}

/** How hard a server is asked. */
export interface Pace {
  readonly connections: number;
  /** Without a rate: requests that a connection sends at once (default 1). With one: most that are unanswered on it (default 1024). */
  readonly depth?: number;
  /** Requests a second on all connections together; without it the server is asked as fast as it answers. */
  readonly rate?: number;
  readonly seconds: number;
  /** Without a rate: requests in all; when these are answered, if that is sooner, the run ends. */
  readonly totalRequests?: number;
  /** Seconds before those that are measured (default 0). */
  readonly warmUpSeconds?: number;
  /** Seconds between two reports on the way. */
  readonly everySeconds?: number;
}

/** Connections that are held open. */
export interface Holding {
  readonly connections: number;
  /** Seconds from one ping of a connection to its next. */
  readonly heartbeatSeconds: number;
  /** Handshakes under way at once. */
  readonly opening: number;
  /** Number of the first source address, and how many there are from it on. */
  readonly addresses: readonly [first: number, count: number];
  /** Requests a second on connections at random, once they are asked for. */
  readonly rate: number;
  readonly everySeconds?: number;
}

/** The plan of a load, as benchmarks/load/plan.h describes it. */
export function loadPlan(target: Target, { connections, rate, depth, seconds, totalRequests, warmUpSeconds = 0, everySeconds }: Pace): string {
  const loop = rate === undefined ? ['mode closed', `depth ${depth ?? 1}`] : ['mode open', `rate ${rate}`, `depth ${depth ?? 1024}`];
  return written(target, [
    ...loop,
    `connections ${connections}`,
    `seconds ${seconds}`,
    `warmup ${warmUpSeconds}`,
    ...optional('total', totalRequests),
    ...optional('every', everySeconds),
  ]);
}

/** The plan of connections that are held. */
export function holdPlan(target: Target, { connections, heartbeatSeconds, opening, addresses, rate, everySeconds }: Holding): string {
  const lines = ['mode hold', `connections ${connections}`, `heartbeat ${heartbeatSeconds}`, `opening ${opening}`, `addresses ${addresses.join(' ')}`];
  return written(target, [...lines, `rate ${rate}`, ...optional('every', everySeconds)]);
}

function optional(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`${name} ${value}`];
}

function written({ protocol, port, hello, requests, keys }: Target, lines: readonly string[]): string {
  const all = [
    `protocol ${protocol}`,
    `port ${port}`,
    ...lines,
    `seed ${Math.floor(Math.random() * 1e9)}`,
    ...(hello === undefined ? [] : [`hello ${hello.toString('hex')}`]),
    ...(keys === undefined ? [] : [`keys ${keys.distribution} ${keys.file}`]),
    ...requests.map(({ weight = 1, keyAt = -1, uniqueAt = -1, bytes }) => `request ${weight} ${keyAt} ${uniqueAt} ${bytes.toString('hex')}`),
  ];
  return `${all.join('\n')}\ngo\n`;
}
