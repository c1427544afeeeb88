import type { JsonSchema } from '../coercion.ts';
import type { Components } from './components.ts';
import { errorResponseName } from './components.ts';

const errorBody: JsonSchema = {
  type: 'object',
  required: ['code', 'message'],
  properties: { code: { type: 'integer' }, message: { type: 'string' }, details: {} },
};

const batchInput: JsonSchema = {
  type: 'array',
  maxItems: 256,
  items: {
    type: 'object',
    required: ['game', 'operation'],
    additionalProperties: false,
    properties: {
      game: { type: ['string', 'integer'], description: 'id or number' },
      operation: { type: ['string', 'integer'], description: 'name or code' },
      input: { description: 'as over TCP: path parameters, idempotencyKey and expectedVersion are fields of it' },
    },
  },
};

const batchOutput: JsonSchema = {
  type: 'array',
  items: {
    oneOf: [
      { type: 'object', required: ['ok'], properties: { ok: {} } },
      { type: 'object', required: ['error'], properties: { error: errorBody } },
    ],
  },
};

const whoamiOutput: JsonSchema = {
  type: 'object',
  required: ['subject', 'kind', 'roles', 'games', 'expiresAt'],
  properties: {
    subject: { type: 'string' },
    kind: { type: 'string' },
    roles: { type: 'array', items: { type: 'string' } },
    games: { oneOf: [{ const: '*' }, { type: 'array', items: { type: 'string' } }] },
    expiresAt: { type: ['string', 'null'], format: 'date-time' },
  },
};

const readinessOutput: JsonSchema = {
  type: 'object',
  required: ['status', 'checks'],
  properties: { status: { type: 'string' }, checks: { type: 'object', additionalProperties: { type: 'string' } } },
};

const healthOutput: JsonSchema = {
  type: 'object',
  required: ['status', 'version', 'uptimeSeconds', 'games'],
  properties: {
    status: { enum: ['ok', 'not ready', 'draining'] },
    version: { type: 'string' },
    uptimeSeconds: { type: 'integer' },
    games: { type: 'array', items: { type: 'object', properties: { game: { type: 'string' }, version: { type: 'string' } } } },
  },
};

const jwksOutput: JsonSchema = {
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      items: {
        type: 'object',
        required: ['kty', 'crv', 'x', 'kid', 'alg', 'use'],
        additionalProperties: false,
        properties: {
          kty: { enum: ['OKP', 'EC'] },
          crv: { enum: ['Ed25519', 'P-256'] },
          x: { type: 'string' },
          y: { type: 'string', description: 'of P-256 only' },
          kid: { type: 'string' },
          alg: { enum: ['EdDSA', 'ES256'] },
          use: { const: 'sig' },
        },
      },
    },
  },
};

const ticketOutput: JsonSchema = {
  type: 'object',
  required: ['ticket', 'expiresAt'],
  properties: {
    ticket: { type: 'string', description: 'opens one WebSocket: GET /api/v1/events?ticket=…, as the caller who asked for it' },
    expiresAt: { type: 'string', format: 'date-time' },
  },
};

/** The path of tickets, where there are WebSockets. */
export function ticketPath(components: Components): Readonly<Record<string, Record<string, unknown>>> {
  return {
    '/api/v1/events/ticket': {
      post: {
        operationId: 'midgard.events.ticket',
        summary: 'a ticket that opens one WebSocket at /api/v1/events within a short time, for clients that can give it no header',
        tags: ['midgard'],
        responses: { '201': content('application/json', components.add('midgard.events.ticket.output', ticketOutput)), ...problems(401, 429) },
      },
    },
  };
}

/** The paths that belong to no game: built-in operations, probes, metrics, this document, its page. */
export function systemPaths(components: Components): Readonly<Record<string, Record<string, unknown>>> {
  const json = (name: string, schema: JsonSchema): JsonSchema => content('application/json', components.add(name, schema));
  const ready = { '200': json('midgard.readyz.output', readinessOutput), ...problems(503, 504) };
  return {
    '/api/v1/batch': {
      post: {
        operationId: 'midgard.batch',
        summary: 'runs up to 256 operations; results in the same order',
        tags: ['midgard'],
        requestBody: { required: true, content: { 'application/json': { schema: components.add('midgard.batch.input', batchInput) } } },
        responses: { '200': json('midgard.batch.output', batchOutput), ...problems(400, 401, 413, 429, 500, 503, 504) },
      },
    },
    '/api/v1/whoami': {
      get: {
        operationId: 'midgard.whoami',
        summary: 'who the caller is',
        tags: ['midgard'],
        responses: { '200': json('midgard.whoami.output', whoamiOutput), ...problems(401, 429) },
      },
    },
    '/livez': open('midgard.livez', 'the process runs', { '200': json('midgard.livez.output', { type: 'object', properties: { status: { const: 'ok' } } }) }),
    '/readyz': open('midgard.readyz', 'requests can be served', ready),
    '/ready': open('midgard.ready', 'the same as /readyz', ready),
    '/health': open('midgard.health', 'a summary for people', {
      '200': json('midgard.health.output', healthOutput),
      '503': json('midgard.health.output', healthOutput),
    }),
    '/metrics': open('midgard.metrics', 'figures for Prometheus', { '200': content('text/plain', { type: 'string' }), ...problems(404) }),
    '/.well-known/jwks.json': open('midgard.jwks', 'the public keys that access tokens are verified with (RFC 7517)', {
      '200': content('application/jwk-set+json', components.add('midgard.jwks.output', jwksOutput)),
      '304': { description: 'what the caller has is current' },
      ...problems(404),
    }),
    '/openapi.json': open('midgard.openapi', 'this document', { '200': json('midgard.openapi.output', { type: 'object' }) }),
    '/docs': open('midgard.docs', 'this document as a page', { '200': content('text/html', { type: 'string' }) }),
  };
}

function open(operationId: string, summary: string, responses: JsonSchema): Record<string, unknown> {
  return { get: { operationId, summary, tags: ['midgard'], security: [], responses } };
}

function content(type: string, schema: JsonSchema): JsonSchema {
  return { description: 'done', content: { [type]: { schema } } };
}

function problems(...statuses: readonly number[]): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/${errorResponseName(status)}` }]));
}
