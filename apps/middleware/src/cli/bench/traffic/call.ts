import { encodeFrame, encodeValue, Kind } from '@midgard/codec';

/** The operations that a stress run calls: standard ones, which every game has (protocol page). */
const operations = {
  'player.get': { code: 1, method: 'GET', path: '/players/:id' },
  'player.create': { code: 2, method: 'POST', path: '/players' },
  'player.update': { code: 3, method: 'PATCH', path: '/players/:id' },
  'player.delete': { code: 5, method: 'DELETE', path: '/players/:id' },
  'order.create': { code: 40, method: 'POST', path: '/orders' },
  'order.list': { code: 42, method: 'GET', path: '/players/:playerId/orders' },
  'order.pay': { code: 43, method: 'POST', path: '/orders/:id/pay' },
  'order.deliver': { code: 44, method: 'POST', path: '/orders/:id/deliver' },
} as const;

/** Name of an operation that a stress run calls. */
export type CallName = keyof typeof operations;

/** A field of an input. */
type CallValue = string | number | Readonly<Record<string, string>>;

/** A request as HTTP carries it. */
export interface HttpForm {
  readonly method: string;
  /** Below the game, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** One request, encoded once however often it is sent. */
export class Call {
  readonly name: CallName;
  readonly #input: Readonly<Record<string, CallValue>>;
  readonly #idempotencyKey: string | undefined;
  #frame: Buffer | undefined;
  #http: HttpForm | undefined;

  constructor(name: CallName, input: Readonly<Record<string, CallValue>>, idempotencyKey?: string) {
    this.name = name;
    this.#input = input;
    this.#idempotencyKey = idempotencyKey;
  }

  /** @param game number of the game @returns the frame with the request id 0, to be set in its copy */
  frame(game: number): Buffer {
    this.#frame ??= encodeFrame(
      { kind: Kind.request, game, operation: operations[this.name].code },
      encodeValue({ ...this.#input, idempotencyKey: this.#idempotencyKey }, 'msgpack'),
    );
    return this.#frame;
  }

  /** The same as a route: what stands in the path is not in the body, and of a GET the rest is the query. */
  get http(): HttpForm {
    this.#http ??= this.#asHttp();
    return this.#http;
  }

  #asHttp(): HttpForm {
    const { method, path } = operations[this.name];
    const inPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, field]) => field));
    const rest = Object.entries(this.#input).filter(([field]) => !inPath.has(field));
    const filled = path.replace(/:(\w+)/g, (_, field: string) => encodeURIComponent(asText(this.#input[field])));
    if (method === 'GET' || method === 'DELETE') {
      const query = new URLSearchParams(Object.fromEntries(rest.map(([field, value]) => [field, asText(value)]))).toString();
      return { method, path: query === '' ? filled : `${filled}?${query}`, headers: {}, body: undefined };
    }
    const headers = this.#idempotencyKey === undefined ? {} : { 'Idempotency-Key': this.#idempotencyKey };
    return { method, path: filled, headers, body: JSON.stringify(Object.fromEntries(rest)) };
  }
}

function asText(value: CallValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}
