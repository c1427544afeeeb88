import type { CachePolicies, GameHandler } from '@midgard/game-kit';
import type { CacheConfig } from './cache-schema.ts';

/** What the configuration says of the cached entities of a game. */
export function cachePolicies({ operations }: Pick<GameHandler, 'operations'>, { entities, maxEntries }: CacheConfig): CachePolicies {
  const cached = new Set(operations.flatMap(({ cache }) => (cache === undefined ? [] : [cache.entity])));
  return Object.fromEntries([...cached].map((entity) => [entity, policyOf(entities[entity], maxEntries)]));
}

function policyOf(given: CacheConfig['entities'][string] | undefined, maxEntries: number): CachePolicies[string] {
  if (given === false) return false;
  const { knownKeys: _known, warmUp: _warm, ...policy } = given ?? {};
  const said = Object.entries(policy).filter(([, value]) => value !== undefined);
  return { maxEntries, ...Object.fromEntries(said) };
}
