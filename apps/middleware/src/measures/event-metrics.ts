import { type CounterHandle, type GaugeHandle, type Registry } from '@midgard/metrics';
import type { EventMetrics, Transport } from '@midgard/server';

/** Counts what is pushed to those who listen. */
export function eventMetrics(registry: Registry): EventMetrics {
  const subscriptions = registry.gauge({ name: 'midgard_event_subscriptions', help: 'Topics that clients listen to, by game', labels: ['game'] });
  const published = registry.counter({ name: 'midgard_events_total', help: 'Events of games to which somebody listens', labels: ['game'] });
  const pushed = registry.counter({ name: 'midgard_events_pushed_total', help: 'Events sent to clients', labels: ['transport'] });
  const dropped = registry.counter({
    name: 'midgard_events_dropped_total',
    help: 'Events that a slow client was told of as a gap in place of getting them, those of other topics included',
    labels: ['transport'],
  });
  const open = new Map<string, GaugeHandle>();
  const heard = new Map<string, CounterHandle>();
  const byTransport = (metric: typeof pushed): Readonly<Record<Transport, CounterHandle>> => ({
    tcp: metric.labels({ transport: 'tcp' }),
    http: metric.labels({ transport: 'http' }),
    websocket: metric.labels({ transport: 'websocket' }),
  });
  const [sent, lost] = [byTransport(pushed), byTransport(dropped)];
  return {
    subscribed: (game, change) => handleOf(open, game, () => subscriptions.labels({ game })).add(change),
    published: (game) => handleOf(heard, game, () => published.labels({ game })).add(),
    pushed: (transport) => sent[transport].add(),
    dropped: (transport, events) => lost[transport].add(events),
  };
}

function handleOf<Handle>(handles: Map<string, Handle>, game: string, make: () => Handle): Handle {
  const known = handles.get(game);
  if (known !== undefined) return known;
  const made = make();
  handles.set(game, made);
  return made;
}
