import { z } from 'zod';
import type { StartedService } from './service-process.ts';

const Ticket = z.looseObject({ ticket: z.string() });

/**
 * Begins to connect to the events of a service as a page in a browser does: no header can be set there, so it asks for a ticket.
 *
 * @param headers that say who asks for the ticket
 * @param redeemedAt where the ticket is shown, which need not be where it was given
 */
export async function eventSocket(service: StartedService, headers: Readonly<Record<string, string>>, redeemedAt = service): Promise<WebSocket> {
  const response = await fetch(`${service.baseUrl}/api/v1/events/ticket`, { method: 'POST', headers });
  const { ticket } = Ticket.parse(await response.json());
  return new WebSocket(`${redeemedAt.baseUrl.replace('http', 'ws')}/api/v1/events?ticket=${ticket}`);
}
