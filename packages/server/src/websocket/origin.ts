import type { IncomingMessage } from 'node:http';
import { MidgardError } from '@midgard/errors';

/**
 * Refuses pages of other sites: browsers send whatever they know of the visitor with a WebSocket, and ask nobody first
 * (RFC 6455 §10.2). What is no browser sends no origin.
 *
 * @param allowed exact origins beside the service's own
 * @throws {MidgardError} 3004
 */
export function requireOrigin({ headers }: Pick<IncomingMessage, 'headers'>, allowed: readonly string[]): void {
  const { origin, host } = headers;
  if (origin === undefined || allowed.includes(origin)) return;
  // Whether a proxy in front speaks TLS is not known here, so that the scheme of the own origin is not looked at.
  if (host !== undefined && (origin === `https://${host}` || origin === `http://${host}`)) return;
  throw new MidgardError('notPermitted', 'pages of this origin may not connect');
}
