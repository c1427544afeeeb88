import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpServer, TcpServer } from '@midgard/server';

/** How long a connection that was just accepted has to say hello before it is sent on. */
const helloMs = 500;
const lookMs = 50;

/**
 * Leaves the sockets to the next worker, which accepts from them already, without refusing anybody: who has just come in is greeted, clients
 * over TCP get their goodbye and over HTTP each answer says that it is the last. What is left after half the grace period is idle.
 */
export async function leaveFrontEnds({ tcp, http }: { readonly tcp: TcpServer; readonly http: HttpServer }, graceMs: number): Promise<void> {
  const endsAt = performance.now() + graceMs / 2;
  tcp.closeListener();
  http.closeListener();
  await sleep(Math.min(helloMs, graceMs / 4));
  tcp.release(Number.POSITIVE_INFINITY);
  while (http.connections > 0 && performance.now() < endsAt) await sleep(lookMs);
}
