/** What one request, or a chain of them, does. */
export type ScenarioName = 'read' | 'mixed-a' | 'mixed-b' | 'mixed-c' | 'orders';

/** One scenario of a mix. */
export interface MixPart {
  readonly scenario: ScenarioName;
  /** Of the requests, in proportion to the other parts. */
  readonly share: number;
}

/** How requests on players are spread: over all of them alike, or most to a few (YCSB's Zipf distribution with the exponent 0.99). */
export type Spread = 'uniform' | 'zipf';

/** Requests on single players. */
export interface PlayerTraffic {
  readonly spread: Spread;
  /** Part of the requests that reads; the rest updates. */
  readonly reads: number;
}

/** The scenarios on players; `orders` is a chain of its own. After YCSB's core workloads (Cooper et al., 2010). */
export const playerTraffic: Readonly<Record<Exclude<ScenarioName, 'orders'>, PlayerTraffic>> = {
  read: { spread: 'uniform', reads: 1 },
  'mixed-a': { spread: 'zipf', reads: 0.5 },
  'mixed-b': { spread: 'zipf', reads: 0.95 },
  'mixed-c': { spread: 'zipf', reads: 1 },
};

/** What `--mix` knows beside the scenarios themselves. */
const named: ReadonlyMap<string, readonly ScenarioName[]> = new Map([['mixed', ['mixed-a', 'mixed-b', 'mixed-c']]]);

/** Every name that `--mix` takes, with what it does. */
export const mixHelp: Readonly<Record<ScenarioName | 'mixed', string>> = {
  read: 'player.get of cached players, all alike',
  'mixed-a': 'half reads, half updates of players, most of them on a few (YCSB A)',
  'mixed-b': '95 % reads, 5 % updates, as above (YCSB B)',
  'mixed-c': 'reads alone, as above (YCSB C)',
  mixed: 'mixed-a, mixed-b and mixed-c, a third each',
  orders: 'create → pay → deliver with idempotency keys; at the end all are read back: none lost, none doubled',
};

/**
 * @param text such as `read`, or `read=8,orders=2`
 * @returns its parts, or undefined where it is no mix
 */
export function parseMix(text: string): readonly MixPart[] | undefined {
  const parts = text.split(',').map((part) => {
    const [, name = '', share = '1'] = /^([a-z-]+)(?:=(\d{1,6}))?$/.exec(part.trim()) ?? [];
    return scenariosOf(name).map((scenario, _, all) => ({ scenario, share: Number(share) / all.length }));
  });
  const isWrong = parts.some((part) => part.length === 0 || part.some(({ share }) => share === 0));
  return isWrong ? undefined : parts.flat();
}

function scenariosOf(name: string): readonly ScenarioName[] {
  return isScenario(name) ? [name] : (named.get(name) ?? []);
}

function isScenario(name: string): name is ScenarioName {
  return name === 'orders' || Object.hasOwn(playerTraffic, name);
}
