/** Where a value came from. Lines and columns count from 1. */
export type ConfigSource =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'none' };

/** One thing that is wrong with a configuration. */
export interface ConfigIssue {
  /** The place, as a person writes it: `databases.realm.url`; `(root)` for the whole. */
  readonly path: string;
  /** What was expected and what was found; never the value of a secret-looking key. */
  readonly message: string;
  /** What to do about it, when that can be told. */
  readonly hint?: string;
  /** Where it stands; `none` for something missing from everywhere. */
  readonly source: ConfigSource;
}

/** The codes of {@link ConfigError}. */
export type ConfigErrorCode = 'ERR_CONFIG_INVALID';

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  /** Always `ERR_CONFIG_INVALID`: the issues say the rest. */
  readonly code: ConfigErrorCode = 'ERR_CONFIG_INVALID';
  /** Everything that is wrong, in the order of the file; at least one. */
  readonly issues: readonly ConfigIssue[];
  /** Variables that set nothing: a misspelt one is often why something is missing. */
  readonly warnings: readonly string[];

  /**
   * @param issues everything that is wrong, at least one
   * @param warnings as {@link LoadedConfig} has them
   */
  constructor(issues: readonly ConfigIssue[], warnings: readonly string[] = []) {
    super(`invalid configuration: ${issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`);
    this.issues = issues;
    this.warnings = warnings;
  }
}

/**
 * A bad configuration as text for a terminal: one issue a line, its hint below it, then the warnings.
 *
 * @param error what {@link loadConfig} threw
 * @returns lines without a final line break
 */
export function describe(error: ConfigError): string {
  const { issues, warnings } = error;
  const head = issues.length === 1 ? 'The configuration has an error:' : `The configuration has ${issues.length} errors:`;
  return [head, ...issues.flatMap((issue) => linesOf(issue)), ...warnings.map((warning) => `  note: ${warning}`)].join('\n');
}

/** A source as text: `midgard.yaml:3:9`, `MIDGARD_WORKERS`, or empty. */
export function formatSource(source: ConfigSource): string {
  if (source.kind === 'file') return `${source.file}:${source.line}:${source.column}`;
  return source.kind === 'env' ? source.name : '';
}

function linesOf({ path, message, hint, source }: ConfigIssue): string[] {
  const where = formatSource(source);
  const line = `  ${where === '' ? '' : `${where}  `}${path}: ${message}`;
  return hint === undefined ? [line] : [line, `    ${hint}`];
}
