import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { databaseName } from './wire.ts';
import { compileBridge, findOracleDouble } from './bridge-program.ts';

const user = 'midgard';
const password = 'midgard';

/** What {@link startOracleDouble} gives. */
export interface OracleDouble extends AsyncDisposable {
  /** An `oracle://` URL of a database that all who use it share. */
  readonly url: string;
  readonly port: number;
  /** @returns the `oracle://` URL of an empty database; it lives until it is dropped or the double stops (half a megabyte each) */
  freshSchema(): string;
  /** Forgets a database and ends its connections. @param url as `freshSchema` gave it */
  dropSchema(url: string): Promise<void>;
  /** Ends the connections of a database as a broken network would; what was committed stays. */
  cut(url: string): Promise<void>;
  /** Lets nothing be answered, and keeps all connections, until `thaw`. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends as in a power cut: nothing is there any more, at this port or in memory. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the bridge, a process that runs H2; it ends with this one, however this one ends.
 *
 * @throws when a program is missing that {@link findOracleDouble} looks for
 */
export async function startOracleDouble(): Promise<OracleDouble> {
  const tools = findOracleDouble();
  if (tools === undefined) throw new Error('the double needs java, javac and /usr/share/java/h2.jar (Debian: default-jdk-headless, libh2-java)');
  const classes = await compileBridge(tools);
  const options = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', `-Ddouble.user=${user}`, `-Ddouble.password=${password}`];
  const bridge = spawn(tools.java, [...options, '-cp', `${tools.h2Jar}:${classes}`, 'Bridge'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: bridge.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(bridge, 'exit')]);
  const port = Number(/^port (\d+)$/.exec(String(line))?.[1]);
  if (Number.isNaN(port)) throw new Error(`the bridge did not start: ${String(line)}`);
  return new BridgeProcess(bridge, lines, port);
}

class BridgeProcess implements OracleDouble {
  readonly url: string;
  readonly port: number;
  readonly #bridge: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  #schemas = 0;
  #answered: Promise<unknown> = Promise.resolve();

  constructor(bridge: ChildProcessByStdio<Writable, Readable, null>, lines: Interface, port: number) {
    this.#bridge = bridge;
    this.#lines = lines;
    this.port = port;
    this.url = this.#urlOf('ORCL');
    // A write to a bridge that was killed: its exit says so.
    bridge.stdin.on('error', () => {});
  }

  freshSchema(): string {
    return this.#urlOf(`DB${++this.#schemas}`);
  }

  async dropSchema(url: string): Promise<void> {
    await this.#command(`drop ${nameOf(url)}`);
  }

  async cut(url: string): Promise<void> {
    await this.#command(`cut ${nameOf(url)}`);
  }

  async freeze(): Promise<void> {
    await this.#command('freeze');
  }

  async thaw(): Promise<void> {
    await this.#command('thaw');
  }

  async kill(): Promise<void> {
    await this.#end(() => this.#bridge.kill('SIGKILL'));
  }

  async stop(): Promise<void> {
    await this.#end(() => this.#bridge.stdin.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(ask: () => void): Promise<void> {
    if (this.#bridge.exitCode !== null || this.#bridge.signalCode !== null) return;
    const ended = once(this.#bridge, 'exit');
    ask();
    await ended;
  }

  /** Commands are answered in their order, each by one line. */
  async #command(text: string): Promise<void> {
    const before = this.#answered;
    const answered = before.then(async () => {
      const line = once(this.#lines, 'line');
      this.#bridge.stdin.write(`${text}\n`);
      await Promise.race([line, once(this.#lines, 'close')]);
    });
    this.#answered = answered.catch(() => {});
    await answered;
  }

  #urlOf(service: string): string {
    return `oracle://${user}:${password}@127.0.0.1:${this.port}/${service}`;
  }
}

function nameOf(url: string): string {
  return databaseName(decodeURIComponent(new URL(url).pathname.slice(1)));
}
