/**
 * What a game's own data server might be in place of the whole service: the same frames, a MySQL driver, and a map as a cache.
 * `mysql-server.ts <url> <entries>` answers player.get and player.update to anybody who says hello: no session, right, limit, validation,
 * metric, log or audit. The port is printed.
 */
import { createServer, type Socket } from 'node:net';
import process from 'node:process';
import { decodeValue, encodeFrame, encodeValue, type Frame, FrameDecoder, Kind, type KindCode } from '@midgard/codec';
import { createPool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';

const [, , url = '', mostEntries = '200000'] = process.argv;
const pool = createPool({ uri: url, connectionLimit: 10, supportBigNumbers: true, bigNumberStrings: true, timezone: 'Z' });
const cache = new Map<string, Buffer>();

async function load(id: string): Promise<Buffer> {
  const [rows] = await pool.execute<RowDataPacket[]>('select * from player where id = ?', [id]);
  const [row] = rows;
  if (row === undefined) throw new Error('not found');
  const { external_id: externalId, last_login_at: lastLoginAt, created_at: createdAt, updated_at: updatedAt, attributes, ...rest } = row;
  const player = { ...rest, id, externalId, attributes: attributesOf(attributes), lastLoginAt, createdAt: timeOf(createdAt), updatedAt: timeOf(updatedAt) };
  const body = encodeValue(player, 'msgpack');
  if (cache.size >= Number(mostEntries)) for (const [oldest] of cache) if (cache.delete(oldest)) break;
  cache.set(id, body);
  return body;
}

function attributesOf(column: unknown): unknown {
  return typeof column === 'string' ? JSON.parse(column) : column;
}

function timeOf(column: unknown): string {
  return column instanceof Date ? column.toISOString() : String(column);
}

async function update(id: string, attributes: unknown): Promise<Buffer> {
  const text = JSON.stringify(attributes);
  const sql = 'update player set attributes = ?, version = version + 1, updated_at = utc_timestamp(3) where id = ?';
  await pool.execute<ResultSetHeader>(sql, [text, id]);
  cache.delete(id);
  return load(id);
}

function answer(socket: Socket, kind: KindCode, { requestId, operation }: Frame, body: Buffer): void {
  socket.write(encodeFrame({ kind, requestId, operation, game: 2 }, body));
}

function take(socket: Socket, frame: Frame): void {
  const { kind, operation } = frame;
  if (kind === Kind.hello) {
    answer(socket, Kind.welcome, frame, encodeValue({}, 'json'));
    return;
  }
  const { id, attributes } = inputOf(frame.body);
  const cached = operation === 1 ? cache.get(id) : undefined;
  if (cached !== undefined) {
    answer(socket, Kind.response, frame, cached);
    return;
  }
  void (operation === 1 ? load(id) : update(id, attributes)).then(
    (body) => answer(socket, Kind.response, frame, body),
    () => answer(socket, Kind.error, frame, encodeValue({ code: 1000, message: 'internal' }, 'msgpack')),
  );
}

function inputOf(body: Buffer): { id: string; attributes: unknown } {
  const input: unknown = decodeValue(body, 'msgpack');
  if (typeof input !== 'object' || input === null || !('id' in input)) throw new Error('no id');
  return { id: String(input.id), attributes: 'attributes' in input ? input.attributes : undefined };
}

const server = createServer({ noDelay: true }, (socket) => {
  const decoder = new FrameDecoder({ from: 'client' });
  socket.on('data', (chunk) => {
    socket.cork();
    decoder.decode(chunk, (frame) => take(socket, frame));
    socket.uncork();
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
});
