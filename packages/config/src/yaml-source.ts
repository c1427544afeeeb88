import { isAlias, isMap as isYamlMap, isNode, isScalar, isSeq, LineCounter, type Pair, parseDocument, type Document } from 'yaml';
import type { ConfigIssue, ConfigSource } from './config-error.ts';
import type { Path } from './path.ts';

/** A YAML file that was read: its data, its faults, and where each place stands. */
export interface YamlSource {
  /** Plain data; undefined when the file is empty or too broken to be read. */
  readonly data: unknown;
  readonly issues: readonly ConfigIssue[];
  /** Whether the data is worth checking: true unless the syntax is broken. */
  readonly isReadable: boolean;
  /** The position of a place, undefined when the file does not have it. */
  locate(path: Path): ConfigSource | undefined;
}

/**
 * The library's own messages quote the text around a fault, which may be a password; these do not.
 */
const syntaxMessages: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation does not fit the lines around it',
  TAB_AS_INDENT: 'a tab is used for indentation, only spaces may be',
  DUPLICATE_KEY: 'this key stands twice in its map',
  MISSING_CHAR: 'a closing quote, bracket or comma, or a colon behind a key, is missing',
  MULTILINE_IMPLICIT_KEY: 'a key goes over two lines; a colon may be missing behind it',
  BLOCK_AS_IMPLICIT_KEY: 'two keys stand on one line, or a text with a colon needs quotes',
  BAD_SCALAR_START: 'a text that starts with a special character needs quotes',
  BAD_ALIAS: 'this alias has no anchor before it',
  BAD_DQ_ESCAPE: 'an unknown backslash sequence stands in double quotes',
  MULTIPLE_DOCS: 'the file holds more than one document',
  NON_STRING_KEY: 'this key is not text',
};

/**
 * Reads YAML 1.2 with all its faults and positions. Never throws on any text.
 *
 * @param text the content
 * @param file its name for the positions
 */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'silent' });
  const at = (offset: number): ConfigSource => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const issues: ConfigIssue[] = document.errors.map(({ code, pos }) => ({
    path: '(root)',
    message: code === 'DUPLICATE_KEY' ? 'this key stands twice in its map' : `not valid YAML: ${syntaxMessages[code] ?? 'unexpected text'}`,
    source: at(pos[0]),
  }));
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const data = isReadable ? plainData(document, issues, at(0)) : undefined;
  return { data, issues, isReadable, locate: (path) => locate(document, path, at) };
}

function plainData(document: Document, issues: ConfigIssue[], start: ConfigSource): unknown {
  try {
    return document.toJS() ?? undefined;
  } catch {
    // Aliases that unfold into more than the library's limit: a file made to exhaust memory.
    issues.push({ path: '(root)', message: 'not valid YAML: its aliases unfold too far', source: start });
    return undefined;
  }
}

function locate(document: Document, path: Path, at: (offset: number) => ConfigSource): ConfigSource | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isYamlMap(node)) {
      // The last one, as the data has it when a key stands twice.
      const pair = node.items.findLast(({ key }: Pair) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined) return undefined;
      offset = isNode(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      if (node === undefined) return undefined;
      offset = isNode(node) ? node.range?.[0] : offset;
    } else {
      return undefined;
    }
  }
  return offset === undefined ? undefined : at(offset);
}
