import type { MixPart } from './mixes.ts';

/** Where the load goes, and over what. */
export type Target =
  | { readonly over: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly over: 'http';
      /** Without a slash at its end. */
      readonly baseUrl: string;
    };

/** What a stress run does; it goes to the load threads as it is. */
export interface Plan {
  readonly target: Target;
  /** Id of the game, such as `realm`. */
  readonly game: string;
  readonly key: string;
  /** Of all threads together, at least as many as threads. */
  readonly connections: number;
  /** Requests that a connection keeps unanswered, at most. */
  readonly depth: number;
  /** Requests a second of all threads together; undefined: as many as are answered (closed loop). */
  readonly ratePerSecond: number | undefined;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly threads: number;
  readonly players: number;
  readonly mix: readonly MixPart[];
  /** Names what this run makes: players, orders, keys. */
  readonly run: string;
}

/** @returns the address as a person would write it */
export function addressOf(target: Target): string {
  return target.over === 'tcp' ? `tcp://${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}` : target.baseUrl;
}

/** @returns whether a part of the mix makes orders, which are read back at the end */
export function makesOrders({ mix }: Plan): boolean {
  return mix.some(({ scenario }) => scenario === 'orders');
}

/** @returns `read 80 %, orders 20 %`, or the name alone */
export function mixText(mix: readonly { readonly scenario: string; readonly share: number }[]): string {
  const all = mix.reduce((sum, { share }) => sum + share, 0);
  return mix.length === 1
    ? mix.map(({ scenario }) => scenario).join('')
    : mix.map(({ scenario, share }) => `${scenario} ${Math.round((share / all) * 100)} %`).join(', ');
}

/** @returns what a run does and where, in a line */
export function titleOf({ target, game, mix, connections, depth, ratePerSecond }: Plan): string {
  const pace = ratePerSecond === undefined ? 'closed loop' : `open loop at ${ratePerSecond}/s`;
  return `midgard bench  ${mixText(mix)} on ${game} at ${addressOf(target)}, ${connections} connections × ${depth}, ${pace}`;
}
