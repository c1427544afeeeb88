import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { encodeFrame, encodeValue, Kind } from '@midgard/codec';
import type { Load } from './blast.ts';

/** The repository. */
export const root: string = path.resolve(import.meta.dirname, '../..');

/** A load without its size. */
export type Loads = Omit<Load, 'connections' | 'seconds'>;

/** A service with one player in it. */
export interface StartedService {
  readonly tcpPort: number;
  readonly httpPort: number;
  readonly key: string;
  readonly id: string;
  /** Of its process. */
  readonly pid: number;
}

/** Processes of a benchmark and the folder that they run in; all of it is gone at the end. */
export class Children implements Disposable {
  readonly #folders: string[] = [];
  readonly #children: ChildProcess[] = [];

  /** Runs a TypeScript file in a folder of its own. */
  launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const folder = mkdtempSync(path.join(tmpdir(), 'midgard-bench-'));
    const child = spawn(process.execPath, ['--conditions=@midgard/source', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#folders.push(folder);
    this.#children.push(child);
    return child;
  }

  /** Starts a service on free ports. @param main its `main.ts`, or the built one */
  async service(env: Readonly<Record<string, string>> = {}, main: string = path.join(root, 'apps/middleware/src/main.ts')): Promise<StartedService> {
    const service = this.launch([main, 'start'], { MIDGARD_SERVER_TCP_PORT: '0', MIDGARD_SERVER_HTTP_PORT: '0', MIDGARD_LOG_LEVEL: 'error', ...env });
    const [, tcpPort, baseUrl = '', key = ''] = await printed(service, /TCP\s+\S+:(\d+)\s+HTTP\s+(http:\/\/[^/\s]+)[\s\S]*?Key\s+(\S+)/);
    const created = await fetch(`${baseUrl}/api/v1/games/realm/players`, {
      method: 'POST',
      headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'Astrid', attributes: { hair: 'red', title: 'of the northern shore' } }),
    });
    const [, id = ''] = /"id":"(\d+)"/.exec(await created.text()) ?? [];
    return { tcpPort: Number(tcpPort), httpPort: Number(new URL(baseUrl).port), key, id, pid: service.pid ?? 0 };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until a process has printed something. */
export async function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let text = '';
  for (;;) {
    const [chunk]: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data');
    text += String(chunk);
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
}

/** Reads of the service's player over TCP. @param depth requests that a connection keeps unanswered */
export async function tcpReads({ tcpPort, key, id }: StartedService, depth: number): Promise<Loads> {
  const hello = encodeFrame(
    { kind: Kind.hello },
    encodeValue({ client: 'bench/1', auth: { kind: 'apiKey', key }, encodings: ['msgpack'], compression: [], checksum: false }, 'json'),
  );
  const request = encodeFrame({ kind: Kind.request, requestId: 7, game: 2, operation: 1 }, encodeValue({ id }, 'msgpack'));
  const load = { port: tcpPort, depth, request, hello };
  return { ...load, responseBytes: await answerBytes(load) };
}

/** Reads of the service's player over HTTP. */
export async function httpReads({ httpPort, key, id }: StartedService): Promise<Loads> {
  const request = Buffer.from(`GET /api/v1/games/realm/players/${id} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\n\r\n`);
  const load = { port: httpPort, depth: 1, request };
  return { ...load, responseBytes: await answerBytes(load) };
}

/** Asks once by hand, to learn how long the answer is. */
export async function answerBytes(load: Omit<Loads, 'responseBytes'>): Promise<number> {
  const socket = createConnection({ port: load.port, host: '127.0.0.1' });
  if (load.hello !== undefined) {
    socket.write(load.hello);
    await once(socket, 'data');
  }
  socket.write(load.request);
  const [answer]: Buffer[] = await once(socket, 'data');
  socket.destroy();
  return answer?.length ?? 0;
}

/** Processor time that a process has used, in milliseconds: Linux counts it in hundredths of a second (proc(5)). */
export function cpuMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = '0', system = '0'] = fields.split(' ').slice(11);
  return (Number(user) + Number(system)) * 10;
}

/** The middle one. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
