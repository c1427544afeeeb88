import { z } from 'zod';

const Milliseconds = z.int().min(1).max(86_400_000);

/** What stands for itself in a part of a URL; all else is written with a %-sign, in passwords @, / and : above all. */
const part = String.raw`(?:[^\s:/?#@%]|%[\da-fA-F]{2})`;
const host = String.raw`(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?`;
const ssl = String.raw`(?:\?ssl=(?:true|false))?`;
const urlForms = [
  String.raw`sqlite:.+`,
  `mysql://(?:${part}+(?::${part}*)?@)?${host}/${part}+${ssl}`,
  `oracle://${part}+:${part}*@${host}(?:,${host})*/[\\w.$#-]+${ssl}`,
];

const DatabaseUrl = z
  .string()
  .regex(
    new RegExp(`^(?:${urlForms.join('|')})$`),
    'expected sqlite:data/realm.db, mysql://user:password@host:3306/database (also MariaDB) or oracle://user:password@host:1521/service, ' +
      'in user and password %40 for @, %2F for /, %3A for : and %25 for %',
  )
  .describe(
    'sqlite:<path>, mysql://user:password@host:3306/database (also MariaDB) or oracle://user:password@host:1521/service (hosts with commas between them ' +
      'are the nodes of a cluster); ?ssl=true encrypts; in user and password %40 for @, %2F for /, %3A for : and %25 for %',
  );

const Pool = z.strictObject({
  min: z.int().min(0).max(1000).optional().describe('Connections that are kept ready (0)'),
  max: z.int().min(1).max(1000).optional().describe('Most connections to each server (10)'),
  acquireTimeoutMs: Milliseconds.optional().describe('Longest wait for a connection (four fifths of timeoutMs); then error 1001'),
  idleTimeoutMs: Milliseconds.optional().describe('Connections above min that nobody used for so long are closed (60000)'),
  maxLifetimeMs: Milliseconds.optional().describe('Oldest age of a connection that is used (1800000)'),
});

const Replica = z.strictObject({
  url: DatabaseUrl,
  weight: z.number().positive().max(1000).optional().describe('Share of the reads in proportion to the others (1)'),
});

const Migrations = z.strictObject({
  folder: z.string().min(1).optional().describe('Reviewed SQL files, which midgard migrations writes; without it the tables are compared with the entities'),
  atStart: z.boolean().default(true).describe('Migrate when the service starts; false: it does not start while something is pending'),
});

const fields = z.strictObject({
  url: DatabaseUrl,
  pool: Pool.optional().describe('Connections to each server; not for SQLite'),
  standbys: z.array(DatabaseUrl).optional().describe('Servers that take the writes, in this order, when those before them are lost; MySQL and MariaDB'),
  replicas: z.array(Replica).optional().describe('Servers to read from; MySQL and MariaDB'),
  migrations: Migrations.prefault({}).describe('How the tables are brought to the entities of the game'),
  maxLagMs: Milliseconds.optional().describe('A replica that is further behind is not read from (5000)'),
  timeoutMs: Milliseconds.optional().describe('Longest time of one read or transaction, its wait included (5000)'),
  slowQueryMs: z.int().min(0).max(86_400_000).default(200).describe('Statements that take longer are logged as warnings; 0 logs none'),
});

/** One game's database: where it is, and on a server how it is reached. */
export const databaseSchema = fields.superRefine((database, context) => {
  for (const { path, message } of [...misplaced(database), ...strangers(database), ...badPool(database)]) context.addIssue({ code: 'custom', path, message });
});

type Fields = z.output<typeof fields>;
interface Misfit {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Why a kind of database has no such settings. */
const reasons = {
  sqlite: 'expected none with an SQLite file, which is no server',
  oracle: 'expected none with Oracle: name all its hosts in the URL, with commas between them, and a service that runs where writes go',
} as const;

/** What the kind of database does not have: it would mean nothing, and whoever set it would believe that it did. */
function misplaced({ url, pool, standbys = [], replicas = [], maxLagMs }: Fields): readonly Misfit[] {
  const scheme = schemeOf(url);
  if (scheme !== 'sqlite' && scheme !== 'oracle') return [];
  const given = { standbys: standbys[0], replicas: replicas[0], maxLagMs, ...(scheme === 'sqlite' && { pool }) };
  return Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [{ path: [key], message: reasons[scheme] }]));
}

function strangers({ url, standbys = [], replicas = [] }: Fields): readonly Misfit[] {
  if (schemeOf(url) !== 'mysql') return [];
  const others = [
    ...standbys.map((other, at) => ({ path: ['standbys', at], other })),
    ...replicas.map((replica, at) => ({ path: ['replicas', at, 'url'], other: replica.url })),
  ];
  const message = 'expected another mysql:// server: all servers of a database are of one kind';
  return others.flatMap(({ path, other }) => (schemeOf(other) === 'mysql' ? [] : [{ path, message }]));
}

/** What a pool takes where nothing is said. */
const mostConnections = 10;

function badPool({ pool: { min = 0, max = mostConnections } = {} }: Fields): readonly Misfit[] {
  return min > max ? [{ path: ['pool', 'min'], message: `expected at most pool.max, which is ${max}` }] : [];
}

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':'));
}
