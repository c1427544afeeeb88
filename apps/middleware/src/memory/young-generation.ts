/** What the process was started with, and how it starts itself anew; `process` is one. */
export interface Host {
  readonly argv0: string;
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Messages to and from a parent; a process that is replaced loses them. */
  readonly channel?: object | null | undefined;
  /** Not on Windows, and not before Node 22.15. */
  execve?(file: string, args: readonly string[]): never;
}

const ofNode = /^--max[-_]semi[-_]space[-_]size(?:=|$)/;

/** The flag that sets the young generation of this process, as it was given; undefined where Node decides by the machine's memory. */
export function youngGenerationFlag({ execArgv, env }: Pick<Host, 'execArgv' | 'env'>): string | undefined {
  // What comes last is what V8 takes, and it reads the command line behind NODE_OPTIONS.
  return [...(env['NODE_OPTIONS'] ?? '').split(/\s+/), ...execArgv].findLast((flag) => ofNode.test(flag));
}

/**
 * Replaces the process by itself with `--max-semi-space-size`, unless the operator gave that flag: theirs wins.
 *
 * V8 reads the size once, when the heap is made: `v8.setFlagsFromString` changes nothing any more (tried on Node 24 and 26).
 * `execve` keeps the process id, the open standard streams and the environment, so that whoever started this process
 * still watches and stops the right one. Call it before anything heavy is loaded: all until here is done twice.
 *
 * @param megabytes size of each half of the young generation; 0 leaves it to Node
 * @returns only where nothing was to be done or can be: see {@link youngGenerationFlag} for what is in force
 */
export function setYoungGeneration(megabytes: number, host: Host): void {
  if (megabytes === 0 || youngGenerationFlag(host) !== undefined || hasChannel(host)) return;
  host.execve?.(host.execPath, [host.argv0, ...host.execArgv, `--max-semi-space-size=${megabytes}`, ...host.argv.slice(1)]);
}

function hasChannel({ channel }: Host): boolean {
  return channel !== undefined && channel !== null;
}
