import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../find-program.ts';
import { PrivateServer, startOnFreePort } from '../private-server.ts';

/** What a private Prometheus is to do. */
export interface PrometheusSettings {
  /** Whom it scrapes under the name `job`, as `host:port`. */
  readonly job: string;
  readonly targets: readonly string[];
  /** Files of rules. */
  readonly rules?: readonly string[];
  /** Time between two scrapes, and between two looks at the rules (1). */
  readonly everySeconds?: number;
}

/** One series of an answer, with its value; NaN where it has none. */
export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of its own for a test. */
export class PrometheusServer extends PrivateServer {
  protected readonly command: readonly [string, ...string[]];

  /** Use {@link startPrometheus}, which finds the binary and a free port. */
  constructor(binary: string, port: number, { job, targets, rules = [], everySeconds = 1 }: PrometheusSettings) {
    super('prometheus', port);
    const config = {
      global: { scrape_interval: `${everySeconds}s`, scrape_timeout: `${everySeconds}s`, evaluation_interval: `${everySeconds}s` },
      rule_files: rules,
      scrape_configs: [{ job_name: job, static_configs: [{ targets }] }],
    };
    // JSON is YAML.
    writeFileSync(join(this.folder, 'prometheus.yml'), JSON.stringify(config));
    const options = [`--config.file=${this.folder}/prometheus.yml`, `--storage.tsdb.path=${this.folder}/data`, `--web.listen-address=${this.#address}`];
    this.command = [binary, ...options];
  }

  get #address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Asks an expression of PromQL for what it gives now. @throws with what Prometheus says of a bad one */
  async query(expression: string): Promise<readonly PrometheusSample[]> {
    const answer: unknown = await (await fetch(`http://${this.#address}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`)).json();
    return samplesOf(answer, expression);
  }

  /** Readiness alone could be told by another one that took its port: only it scrapes as we said. */
  protected async answers(): Promise<boolean> {
    const answer = await fetch(`http://${this.#address}/api/v1/status/config`).catch(() => undefined);
    return answer?.ok === true && this.isRunning;
  }
}

interface VectorAnswer {
  readonly data: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
  };
}

function samplesOf(answer: unknown, expression: string): readonly PrometheusSample[] {
  if (!isVector(answer)) throw new Error(`${expression}: ${JSON.stringify(answer).slice(0, 500)}`);
  return answer.data.result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }));
}

function isVector(answer: unknown): answer is VectorAnswer {
  if (typeof answer !== 'object' || answer === null || !('data' in answer)) return false;
  const { data } = answer;
  return typeof data === 'object' && data !== null && 'resultType' in data && data.resultType === 'vector';
}

/** Whether {@link startPrometheus} finds something to start: the path of the binary, or undefined. */
export function findPrometheus(): string | undefined {
  return findProgram('prometheus');
}

/**
 * Starts a private Prometheus.
 *
 * @throws if the program is missing or does not start
 */
export async function startPrometheus(settings: PrometheusSettings): Promise<PrometheusServer> {
  const binary = findPrometheus();
  if (binary === undefined) throw new Error('prometheus is not installed');
  return startOnFreePort((port) => new PrometheusServer(binary, port, settings));
}
