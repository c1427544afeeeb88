import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Calls } from './calls.ts';
import type { InstanceSettings } from './plans.ts';

/** The database of a trial: for each key a version that rises with each commit. */
export class Source {
  readonly #versions = new Map<string, number>();
  /** Calls of loaders, and keys that they asked for. */
  calls = 0;
  keys = 0;
  readonly #slowMs: () => number;

  /** @param slowMs how long an answer is under way after it was read; drawn for each */
  constructor(slowMs: () => number) {
    this.#slowMs = slowMs;
  }

  readonly load = async ({ keys }: { keys: readonly string[] }): Promise<readonly number[]> => {
    this.calls += 1;
    this.keys += keys.length;
    await sleep(this.#slowMs());
    const seen = keys.map((key) => this.#versions.get(key) ?? 1);
    await sleep(this.#slowMs());
    return seen;
  };

  readonly commit = ({ key }: { key: string }): number => {
    const version = (this.#versions.get(key) ?? 1) + 1;
    this.#versions.set(key, version);
    return version;
  };
}

/** A running process. */
export interface RunningInstance {
  readonly calls: Calls;
  readonly child: ChildProcess;
}

const defaults: Omit<InstanceSettings, 'url'> = { timeoutMs: 200, awayTtlMs: 1000, settleMs: 1000, maxEntries: 100_000, policy: {}, isLeaseBroken: false };

/** Starts processes, each on a Redis by its own way. They end with {@link AsyncDisposable}, or with this process. */
export class Instances implements AsyncDisposable {
  readonly all: RunningInstance[] = [];
  readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  async start(settings: Partial<InstanceSettings> & Pick<InstanceSettings, 'url'>): Promise<RunningInstance> {
    const child = fork(new URL('instance.ts', import.meta.url), [JSON.stringify({ ...defaults, ...settings })], {
      execArgv: ['--conditions=@midgard/source'],
      serialization: 'advanced',
    });
    const calls = new Calls(child, { load: this.source.load, commit: this.source.commit });
    child.on('exit', (code) => calls.fail(new Error(`an instance ended with ${code}`)));
    const instance = { child, calls };
    this.all.push(instance);
    await Promise.race([once(child, 'message'), once(child, 'exit').then(([code]) => Promise.reject(new Error(`an instance ended with ${code}`)))]);
    return instance;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.all.map(async ({ child, calls }) => {
        if (child.exitCode !== null) return;
        const ended = once(child, 'exit');
        await Promise.race([calls.ask('stop', undefined), sleep(2000)]).catch(() => undefined);
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }
}
