import { hkdfSync } from 'node:crypto';
import process from 'node:process';
import type { NonceStore } from '@midgard/auth';
import type { Registry } from '@midgard/metrics';
import { EventHub, type WebSocketParts } from '@midgard/server';
import type { Config } from '../config-schema.ts';
import { eventMetrics } from '../measures/event-metrics.ts';
import type { Activity } from '../memory/watch-memory.ts';

/** Makes the hub of all events; the figures are those of this process. */
export function openEvents({ events }: Pick<Config, 'events'>, registry: Registry, activity: Activity): EventHub {
  const figures = (): Readonly<Record<string, number>> => {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      uptimeSeconds: Math.floor(process.uptime()),
      connections: activity.openConnections(),
      requestsTotal: activity.finishedRequests(),
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      cpuSecondsTotal: (user + system) / 1_000_000,
    };
  };
  return new EventHub({ ...events, figures, metrics: eventMetrics(registry) });
}

/** The parts of the WebSocket front end; undefined where it is switched off. */
export function webSocketParts({ server }: Pick<Config, 'server'>, cursorSecret: string, nonces: NonceStore | undefined): WebSocketParts | undefined {
  const { enabled, ...options } = server.http.webSocket;
  if (!enabled) return undefined;
  // Of the secret that instances share already, and of no use for anything else.
  const ticketKey = new Uint8Array(hkdfSync('sha256', cursorSecret, '', 'midgard websocket ticket', 32));
  return { options, ticketKey, nonces };
}
