import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

/** A listener that is none, or is not well. */
export interface Endpoint extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open at this moment. */
  readonly open: ReadonlySet<Socket>;
  /** How many there have been. */
  readonly seen: () => number;
}

/** @param onData what becomes of a connection on which the driver has said something */
async function listenerThat(onData: (socket: Socket) => void, onConnection: (socket: Socket) => void = () => {}): Promise<Endpoint> {
  const open = new Set<Socket>();
  let seen = 0;
  const server = createServer((socket) => {
    seen += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.on('data', () => onData(socket));
    onConnection(socket);
  });
  const port = await listening(server);
  return {
    port,
    open,
    seen: () => seen,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server.address());
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Packets of TNS: length, type, and what belongs to the type. */
const packetType = { accept: 2, refuse: 4 } as const;
const headBytes = 8;

function packet(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(headBytes + body.length, 0);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, body]);
}

/** @returns a listener's answer for a service that it does not know (ORA-12514) */
function refusal(): Buffer {
  const text = Buffer.from('(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))');
  const body = Buffer.alloc(4);
  body.writeUInt8(0x22, 0);
  body.writeUInt16BE(text.length, 2);
  return packet(packetType.refuse, Buffer.concat([body, text]));
}

/** @returns a listener's word that a session may begin; protocol version 3.18, as of 19c, and packets of 8 KB */
function acceptance(): Buffer {
  const body = Buffer.alloc(37);
  body.writeUInt16BE(318, 0);
  body.writeUInt16BE(8192, 4);
  body.writeUInt16BE(65_535, 6);
  body.writeUInt16BE(1, 8);
  // Neither encryption nor integrity of Oracle's own is to be agreed on.
  body.writeUInt8(4, 15);
  body.writeUInt32BE(8192, 24);
  body.writeUInt32BE(65_535, 28);
  return packet(packetType.accept, body);
}

/** Takes connections and says nothing, as a machine does that hangs. */
export const silent = (): Promise<Endpoint> => listenerThat(() => {});
/** Begins sessions and says nothing more, as a server process does that hangs. */
export const silentAfterAccept = (): Promise<Endpoint> => {
  const accepted = new WeakSet<Socket>();
  return listenerThat((socket) => {
    if (!accepted.has(socket)) socket.write(acceptance());
    accepted.add(socket);
  });
};
/** Knows no such service. */
export const refusing = (): Promise<Endpoint> => listenerThat((socket) => socket.write(refusal()));
/** Resets connections at the first word. */
export const resetting = (): Promise<Endpoint> => listenerThat((socket) => socket.resetAndDestroy());
/** Ends connections in order at the first word. */
export const ending = (): Promise<Endpoint> => listenerThat((socket) => socket.end());
/** Speaks another protocol. */
export const foreign = (): Promise<Endpoint> => listenerThat((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));

/** A port on which nobody listens any more. */
export async function closed(): Promise<Endpoint> {
  const endpoint = await listenerThat(() => {});
  await endpoint[Symbol.asyncDispose]();
  return { ...endpoint, async [Symbol.asyncDispose]() {} };
}
