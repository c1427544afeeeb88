import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect } from 'vitest';
import { z } from 'zod';
import { portOf } from './nginx-cdn.ts';

const Value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
});
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [key, stringValue ?? intValue ?? doubleValue ?? boolValue]),
    ),
  );
const Span = z.object({
  traceId: z.string().regex(/^[\da-f]{32}$/),
  spanId: z.string().regex(/^[\da-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: Attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })),
  status: z.object({ code: z.number(), message: z.string().optional() }),
});
const Export = z.object({
  resourceSpans: z.array(z.object({ resource: z.object({ attributes: Attributes }), scopeSpans: z.array(z.object({ spans: z.array(Span) })) })),
});

/** A span as a collector sees it. */
export type ReceivedSpan = z.output<typeof Span>;

/** OpenTelemetry's numbers of kinds, and of the status of what failed. */
export const otlp = { internal: 1, server: 2, client: 3, error: 2 } as const;

/** An OpenTelemetry collector of one page: takes OTLP over HTTP and keeps it. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** What they say of where they come from, of each export. */
  readonly resources: readonly Readonly<Record<string, unknown>>[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** The bodies as they came, for what must not stand in them. */
  readonly text: string;
  /** What it answers from now on, in turn; the last one for ever. Default: 200 and an empty object. */
  answers: { readonly status: number; readonly body?: object; readonly headers?: Readonly<Record<string, string>> }[];
  /** Waits for a span. */
  next(isWanted: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
}

/** Starts one on a free port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const resources: Record<string, unknown>[] = [];
  const headers: IncomingHttpHeaders[] = [];
  let text = '';
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const {
      status,
      body: answer = {},
      headers: answered = {},
    } = (receiver.answers.length > 1 ? receiver.answers.shift() : receiver.answers[0]) ?? { status: 200 };
    headers.push(request.headers);
    text += body;
    if (status === 200) {
      for (const { resource, scopeSpans } of Export.parse(JSON.parse(body)).resourceSpans) {
        resources.push(resource.attributes);
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
    }
    response.writeHead(status, { 'Content-Type': 'application/json', ...answered }).end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => void take(request, response).catch((error: unknown) => response.writeHead(400).end(String(error))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: OtlpReceiver = {
    endpoint: `http://127.0.0.1:${portOf(server)}/v1/traces`,
    spans,
    resources,
    headers,
    get text() {
      return text;
    },
    answers: [{ status: 200 }],
    next: async (isWanted) => {
      await expect.poll(() => spans.some(isWanted), { timeout: 20_000 }).toBe(true);
      const found = spans.find(isWanted);
      if (found === undefined) throw new Error('it was there a moment ago');
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
