import { z } from 'zod';

const Milliseconds = z.int().min(1).max(86_400_000);
const DatabaseUrl = z
  .string()
  .regex(
    /^(sqlite:.|mysql:\/\/[^/]+\/.|oracle:\/\/[^/]+\/.)/s,
    'expected sqlite:data/realm.db, mysql://user:password@host:3306/database (also MariaDB) or oracle://user:password@host:1521/service',
  )
  .describe(
    'sqlite:<path>, mysql://user:password@host:3306/database (also MariaDB) or oracle://user:password@host:1521/service; %-signs for what has a meaning in URLs',
  );

const Pool = z.strictObject({
  min: z.int().min(0).max(1000).optional().describe('Connections that are kept ready (0)'),
  max: z.int().min(1).max(1000).optional().describe('Most connections to each server (10)'),
  acquireTimeoutMs: Milliseconds.optional().describe('Longest wait for a connection (5000); then error 1001'),
  idleTimeoutMs: Milliseconds.optional().describe('Connections above min that nobody used for so long are closed (60000)'),
  maxLifetimeMs: Milliseconds.optional().describe('Oldest age of a connection that is used (1800000)'),
});

const Replica = z.strictObject({
  url: DatabaseUrl,
  weight: z.number().positive().max(1000).optional().describe('Share of the reads in proportion to the others (1)'),
});

/** One game's database: where it is, and on a server how it is reached. */
export const databaseSchema = z
  .strictObject({
    url: DatabaseUrl,
    pool: Pool.optional().describe('Connections to each server; not for SQLite'),
    standbys: z.array(DatabaseUrl).optional().describe('Servers that take the writes, in this order, when those before them are lost'),
    replicas: z.array(Replica).optional().describe('Servers to read from'),
    maxLagMs: Milliseconds.optional().describe('A replica that is further behind is not read from (5000)'),
    timeoutMs: Milliseconds.optional().describe('Longest time of one read or transaction, its wait included (5000)'),
    slowQueryMs: z.int().min(0).max(86_400_000).default(200).describe('Statements of a server that take longer are logged as warnings; 0 logs none'),
  })
  .superRefine(({ url, pool, standbys = [], replicas = [] }, context) => {
    const refuse = (path: (string | number)[], message: string): void => context.addIssue({ code: 'custom', path, message });
    const isFile = schemeOf(url) === 'sqlite';
    for (const [key, value] of Object.entries({ pool, standbys: standbys[0], replicas: replicas[0] }))
      if (isFile && value !== undefined) refuse([key], 'expected none with an SQLite file, which is no server');
    const others = [
      ...standbys.map((other, at) => [['standbys', at], other] as const),
      ...replicas.map((other, at) => [['replicas', at, 'url'], other.url] as const),
    ];
    for (const [path, other] of others)
      if (!isFile && schemeOf(other) !== schemeOf(url))
        refuse([...path], `expected another ${schemeOf(url)}:// server: all servers of a database are of one kind`);
    if (pool?.min !== undefined && pool.min > (pool.max ?? mostConnections)) refuse(['pool', 'min'], 'expected no more than pool.max');
  });

/** What a pool takes where nothing is said. */
const mostConnections = 10;

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':'));
}
