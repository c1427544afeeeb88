import { Socket } from 'node:net';

/**
 * Takes the bytes that have arrived. They are overwritten by the next that arrive on any connection, so what is needed longer is copied.
 *
 * @param chunk begins with them
 * @param bytes how many there are
 * @returns false: read no more for now
 */
export type TakeBytes = (bytes: number, chunk: Buffer) => boolean;

/** The parts of a socket's handle that Node itself calls for a socket with `onread`. */
interface ReadingHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

/** Under these names a socket keeps its `onread` option; undefined in a version of Node that has none such. */
const slots = findSlots();

/**
 * Lets a socket that was just accepted read into a buffer which all connections share, as `new Socket({ onread })` does for one that connects:
 * an accepted socket cannot be given that option. Else Node makes 64 KiB of new memory for each read and cuts it down, which is a third of the
 * time that a small request takes.
 *
 * @param socket without a listener for `data`
 * @param buffer outlives the socket
 * @returns false where this version of Node does not do it: nothing has changed then
 */
export function readInto(socket: Socket, buffer: Buffer, take: TakeBytes): boolean {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (slots === undefined || !isReadingHandle(handle)) return false;
  Reflect.set(socket, slots.buffer, buffer);
  Reflect.set(socket, slots.callback, take);
  handle.useUserBuffer(buffer);
  // Nobody listens for `data`, and the stream is to notice its end all the same.
  socket.resume();
  return true;
}

function isReadingHandle(handle: unknown): handle is ReadingHandle {
  return typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'useUserBuffer') === 'function';
}

function findSlots(): { readonly buffer: symbol; readonly callback: symbol } | undefined {
  const names = Object.getOwnPropertySymbols(new Socket());
  const buffer = names.find(({ description }) => description === 'kBuffer');
  const callback = names.find(({ description }) => description === 'kBufferCb');
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}
