/** Makes a value harmless in the format that it goes into. */
export type Escape = (value: string) => string;

/**
 * Fills a text's placeholders, `{{name}}` or `{{labels.game}}`; a name without a value becomes empty. What is filled in is escaped and not
 * looked at again, so that a value cannot bring placeholders or markup along. O(text).
 *
 * A few lines in place of a library: those for templates run code or know blocks and paths, which an operator's text has no need of.
 *
 * @param valueOf the value of a name
 */
export function fill(template: string, valueOf: (name: string) => string | undefined, escape: Escape = (value) => value): string {
  return template.replaceAll(/\{\{ {0,3}([\w.-]{1,120}) {0,3}\}\}/g, (_, name: string) => escape(valueOf(name) ?? ''));
}
