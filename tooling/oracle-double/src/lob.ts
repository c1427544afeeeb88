import { internals, type DbType } from './internals.ts';

const chunkSize = 8132;

/** The content of a LOB that was fetched or is being made: all of it is here, whereas the real driver fetches pieces. */
export class DoubleLob extends internals.LobImpl {
  readonly #connection: object;
  readonly #type: DbType;
  #pieceSize = chunkSize;
  #content: string | Buffer;

  constructor(connection: object, type: DbType, content: string | Buffer) {
    super();
    this.#connection = connection;
    this.#type = type;
    this.#content = content;
  }

  get content(): string | Buffer {
    return this.#content;
  }

  _getConnImpl(): object {
    return this.#connection;
  }

  getType(): DbType {
    return this.#type;
  }

  getLength(): number {
    return this.#content.length;
  }

  getChunkSize(): number {
    return chunkSize;
  }

  getPieceSize(): number {
    return this.#pieceSize;
  }

  setPieceSize(size: number): void {
    this.#pieceSize = size;
  }

  /** @param offset counted from 1 */
  async getData(offset = 1, amount = 0): Promise<string | Buffer | null> {
    return this.read(offset, amount || this.#content.length);
  }

  async read(offset: number, length = this.#pieceSize): Promise<string | Buffer | null> {
    const piece = this.#content.slice(offset - 1, offset - 1 + length);
    return piece.length === 0 ? null : piece;
  }

  async write(offset: number, data: string | Buffer): Promise<void> {
    const [before, after] = [this.#content.slice(0, offset - 1), this.#content.slice(offset - 1 + data.length)];
    if (typeof this.#content === 'string') this.#content = `${String(before)}${String(data)}${String(after)}`;
    else this.#content = Buffer.concat([Buffer.from(before), Buffer.from(data), Buffer.from(after)]);
  }

  async trim(length: number): Promise<void> {
    this.#content = this.#content.slice(0, length);
  }

  async close(): Promise<void> {}
}
