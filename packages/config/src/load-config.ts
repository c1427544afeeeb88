import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigError, type ConfigIssue, type ConfigSource } from './config-error.ts';
import { overlay, type Overlay } from './environment.ts';
import { explain, UNKNOWN_KEY } from './explain.ts';
import { envNameOf, formatPath, isMap, type Path, valueAt } from './path.ts';
import { closest } from './suggest.ts';
import { pathsOf, unknownKeys } from './unknown-keys.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** What {@link loadConfig} reads. */
export interface LoadConfigOptions<S extends z.ZodType> {
  /** What a good configuration looks like, with its defaults. */
  readonly schema: S;
  /** The YAML file. One that is named must exist; leave it out when there is none. */
  readonly file?: string | undefined;
  /** The content of the file, when it was read elsewhere; `file` then only names it in positions. */
  readonly text?: string | undefined;
  /** The environment. Pass `process.env` from the one place of an app that may read it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** First word of the names that are looked at, without underscore (for instance `MIDGARD`). */
  readonly prefix: string;
  /**
   * Names below the prefix that mean something else and are left alone (default: `<prefix>_CONFIG`); one that ends with
   * `_` stands for all that begin so.
   */
  readonly reserved?: readonly string[] | undefined;
}

/** A configuration that is good to use. */
export interface LoadedConfig<T> {
  readonly config: T;
  /** Things that do not stop the start, as text for a person: variables that set nothing. */
  readonly warnings: readonly string[];
  /** Where each given value came from, by its path as text; a place that is not in it has its default. */
  readonly sources: ReadonlyMap<string, ConfigSource>;
}

/**
 * Reads a YAML file and the environment, which wins, into one checked configuration.
 *
 * Everything that is wrong is reported at once. Keys that the schema does not know are errors in the file; variables
 * that name nothing are only warnings, because platforms put names of their own into the environment (Kubernetes:
 * `MIDGARD_PORT_8080_TCP`).
 *
 * @throws {ConfigError} `ERR_CONFIG_INVALID` with every issue: what was expected, what was found, file and line, a hint
 * @example
 * ```ts
 * import { loadConfig } from '@midgard/config';
 * import { z } from 'zod';
 *
 * const schema = z.object({ server: z.object({ port: z.int().min(1).default(8080) }).prefault({}) });
 * const { config } = loadConfig({ schema, env: { MIDGARD_SERVER_PORT: '9090' }, prefix: 'MIDGARD' });
 * config.server.port; // 9090
 * ```
 */
export function loadConfig<S extends z.ZodType>(options: LoadConfigOptions<S>): LoadedConfig<z.output<S>> {
  const { schema } = options;
  const source = readSource(options);
  if (!source.isReadable) throw new ConfigError(source.issues);
  const names = environmentOf(options);
  const laid = overlay(schema, source.data ?? {}, names, options.prefix);
  const sourceOf = (path: Path): ConfigSource => nearestSource(path, laid, source);
  const issues = [...source.issues, ...unknownKeyIssues(schema, laid, sourceOf)];
  const parsed = schema.safeParse(laid.data);
  if (!parsed.success) {
    // The walk has told of most unknown keys already, with a hint; strict schemas tell of them again, and of those in a union alone.
    const told = new Set(issues.map(({ path }) => path));
    issues.push(
      ...schemaIssues(parsed.error.issues, laid.data, options.prefix, sourceOf).filter(({ path, message }) => message !== UNKNOWN_KEY || !told.has(path)),
    );
  }
  const warnings = warningsOf(laid, schema, options.prefix);
  if (!parsed.success || issues.length > 0) throw new ConfigError(inFileOrder(issues), warnings);
  return { config: parsed.data, warnings, sources: sourcesOf(laid, source) };
}

function readSource({ file, text }: LoadConfigOptions<z.ZodType>): YamlSource {
  const name = file ?? 'configuration';
  let content = text ?? '';
  if (text === undefined && file !== undefined) {
    try {
      content = readFileSync(file, 'utf8');
    } catch (error) {
      throw new ConfigError([{ path: '(root)', message: unreadable(file, error), source: { kind: 'none' } }]);
    }
  }
  const source = readYaml(content, name);
  if (!source.isReadable || source.data === undefined || isMap(source.data)) return source;
  const at = source.locate([]) ?? { kind: 'none' };
  return { ...source, isReadable: false, issues: [{ path: '(root)', message: 'expected keys with values, found something else', source: at }] };
}

function unreadable(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `the file ${file} does not exist`;
  if (code === 'EISDIR') return `${file} is a folder, not a file`;
  return `the file ${file} cannot be read (${String(code)})`;
}

function environmentOf({ env, prefix, reserved = [`${prefix}_CONFIG`] }: LoadConfigOptions<z.ZodType>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, text] of Object.entries(env)) {
    const isReserved = reserved.some((other) => name === other || (other.endsWith('_') && name.startsWith(other)));
    if (text !== undefined && name.startsWith(`${prefix}_`) && !isReserved) names.set(name, text);
  }
  return names;
}

function unknownKeyIssues(schema: z.ZodType, laid: Overlay, sourceOf: (path: Path) => ConfigSource): ConfigIssue[] {
  return unknownKeys(schema, laid.data).map(({ path, hint }) => {
    const issue = { path: formatPath(path), message: UNKNOWN_KEY, source: sourceOf(path) };
    return hint === undefined ? issue : { ...issue, hint };
  });
}

function schemaIssues(found: readonly z.core.$ZodIssue[], data: unknown, prefix: string, sourceOf: (path: Path) => ConfigSource): ConfigIssue[] {
  return found
    .flatMap((issue) => explain(issue, data))
    .map(({ path, message, hint }) => {
      const isMissing = valueAt(data, path) === undefined && !path.some((segment) => typeof segment === 'number');
      const advice = hint ?? (isMissing ? `set ${formatPath(path)} in the file or ${envNameOf(path, prefix)} in the environment` : undefined);
      const told = { path: formatPath(path), message, source: sourceOf(path) };
      return advice === undefined ? told : { ...told, hint: advice };
    });
}

/** The variable or line that gave a value; for a missing one the nearest map around it. */
function nearestSource(path: Path, { setBy }: Overlay, file: YamlSource): ConfigSource {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    const name = setBy.get(formatPath(part));
    if (name !== undefined) return { kind: 'env', name };
    const position = file.locate(part);
    if (position !== undefined) return position;
  }
  return file.locate([]) ?? { kind: 'none' };
}

function warningsOf({ unknownNames, data }: Overlay, schema: z.ZodType, prefix: string): string[] {
  if (unknownNames.length === 0) return [];
  const known = pathsOf(schema, data).map((path) => envNameOf(path, prefix));
  return unknownNames.map((name) => {
    const near = closest(
      name.slice(prefix.length + 1),
      known.map((other) => other.slice(prefix.length + 1)),
    );
    return `${name} sets nothing${near === undefined ? '' : `; did you mean ${prefix}_${near}?`}`;
  });
}

function sourcesOf(laid: Overlay, file: YamlSource): Map<string, ConfigSource> {
  const given = leavesOf(laid.data, []).filter(
    (path) => path.some((_, at) => laid.setBy.has(formatPath(path.slice(0, at + 1)))) || file.locate(path) !== undefined,
  );
  return new Map(given.map((path) => [formatPath(path), nearestSource(path, laid, file)]));
}

function leavesOf(data: unknown, above: Path): Path[] {
  if (!isMap(data)) return above.length === 0 ? [] : [above];
  return Object.entries(data).flatMap(([key, value]) => leavesOf(value, [...above, key]));
}

/** By line and column; what stands in no file comes last. */
function inFileOrder(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.toSorted((a, b) => rank(a.source) - rank(b.source));
}

function rank(source: ConfigSource): number {
  return source.kind === 'file' ? source.line + source.column / 1e6 : Number.MAX_VALUE;
}
