import { type RequestScope, stages } from '@midgard/server';

/** Codes below this, and above 0, are ours to answer for (protocol.md). */
const firstOfCaller = 2000;

/** Whether it failed through no fault of its caller. */
export function hasFailed({ code }: RequestScope): boolean {
  return code > 0 && code < firstOfCaller;
}

/** What its span is called: by pattern and operation, so that there are few names. */
export function nameOf({ batch, transport, method, route, game, operation }: RequestScope): string {
  return transport === 'http' && batch === undefined ? `${method} ${route}` : `${game}/${operation}`;
}

/** What is told of a request: names, numbers and times, nothing that a client wrote but its request id, which has a harmless form. */
export function attributesOf(request: RequestScope): Readonly<Record<string, string | number | boolean>> {
  const { game, operation, code, requestId } = request;
  return {
    ...ofTransport(request),
    'midgard.game': game,
    'midgard.operation': operation,
    'midgard.code': code,
    ...(requestId !== undefined && { 'midgard.request_id': String(requestId) }),
    ...(hasFailed(request) && { 'error.type': String(code) }),
    ...timesOf(request),
  };
}

/** By OpenTelemetry's conventions for HTTP servers and for calls of procedures. */
function ofTransport({ batch, transport, method, route, status, game, operation }: RequestScope): Record<string, string | number> {
  if (batch !== undefined) return {};
  if (transport === 'http') return { 'http.request.method': method, 'http.route': route, 'http.response.status_code': status };
  return { 'rpc.system': 'midgard', 'rpc.service': game, 'rpc.method': operation, 'network.transport': 'tcp' };
}

function timesOf(request: RequestScope): Record<string, number> {
  const times: Record<string, number> = {};
  for (const stage of stages) {
    const ms = request.msOf(stage);
    if (ms > 0) times[`midgard.${stage}_ms`] = Math.round(ms * 1000) / 1000;
  }
  return times;
}
