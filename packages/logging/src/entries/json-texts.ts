import { printable } from '../printable.ts';
import { redactText } from '../redact.ts';

/** Most texts that are remembered, and the longest of them in characters: 2 MiB at most. */
const mostTexts = 4096;
const longestText = 64;

/** Numbers, UUIDs and trace ids: no form of a secret that we know has these signs alone, and none has to be escaped. */
const plainId = /^[\da-f-]{0,64}$/;

/**
 * Turns texts into JSON without secrets and without signs that a terminal would obey. The same few come again and again, such as the names of
 * operations, and those that do not are ids: so that a line costs no search for secrets.
 */
export class JsonTexts {
  readonly #known = new Map<string, string>();

  /** O(1) for what came before, O(length) else. */
  of(text: string): string {
    if (plainId.test(text)) return `"${text}"`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const json = printable(JSON.stringify(redactText(text)));
    if (text.length > longestText) return json;
    // Whoever makes up new texts must not fill the memory.
    if (this.#known.size >= mostTexts) this.#known.clear();
    this.#known.set(text, json);
    return json;
  }
}
