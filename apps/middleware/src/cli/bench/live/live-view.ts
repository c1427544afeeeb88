import { Readline } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import { drawView, progressLine } from './draw.ts';
import type { Progress } from './progress.ts';

/** A stream to a person or a file: `process.stderr`. */
export type ViewStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

const frameMs = 250;
const lineMs = 1000;
const narrow = 80;

/** Shows a run while it goes on: drawn over itself on a terminal, else a line a second. */
export class LiveView {
  readonly #stream: ViewStream;
  readonly #isDrawn: boolean;
  readonly #progress: () => Progress;
  readonly #timer: NodeJS.Timeout;
  #drawnLines = 0;
  #lastLine = '';

  /** @param options.isPlain also on a terminal lines alone are written @param options.progress asked at each frame */
  constructor({ stream, isPlain, progress }: { readonly stream: ViewStream; readonly isPlain: boolean; readonly progress: () => Progress }) {
    this.#stream = stream;
    this.#isDrawn = stream.isTTY === true && !isPlain;
    this.#progress = progress;
    this.#timer = setInterval(() => this.show(), this.#isDrawn ? frameMs : lineMs);
  }

  /** Shows how the run stands. */
  show(): void {
    if (this.#isDrawn) this.#draw(drawView(this.#progress(), (this.#stream.columns ?? narrow) - 1));
    else this.#print(progressLine(this.#progress()));
  }

  /** Shows the last state, and stays away from the stream afterwards. */
  end(): void {
    clearInterval(this.#timer);
    this.show();
    if (this.#isDrawn) this.#stream.write('\n');
  }

  #draw(lines: readonly string[]): void {
    const terminal = new Readline(this.#stream);
    // Nobody waits for the terminal: the stream keeps the order.
    void terminal.moveCursor(0, -this.#drawnLines).cursorTo(0).clearScreenDown().commit();
    this.#stream.write(`${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  #print(line: string): void {
    if (line === this.#lastLine) return;
    this.#lastLine = line;
    this.#stream.write(`${line}\n`);
  }
}
