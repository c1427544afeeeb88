import { type PlayerTraffic, playerTraffic } from '../mixes.ts';
import { Call } from './call.ts';
import type { Outcome } from './link.ts';
import { picker } from './pick.ts';

/** What one slot asks, one request after the other. */
export interface Flow {
  next(): Call;
  /** How the call ended that {@link next} gave last. @param body decodes the answer */
  answered(outcome: Outcome, body: () => unknown): void;
}

const mostExperience = 1_000_000;
const ignore = (): void => undefined;

/**
 * Reads and updates of players, for all slots of a thread alike: it keeps nothing between two requests.
 *
 * @param players ids
 * @param random from 0 to below 1
 */
export function playerFlow({ spread, reads }: PlayerTraffic, players: readonly string[], random: () => number): Flow {
  const getCalls = players.map((id) => new Call('player.get', { id }));
  const pick = picker(players.length, spread, random);
  const update = (): Call => new Call('player.update', { id: players[pick()] ?? '', experience: Math.floor(random() * mostExperience) });
  return {
    next: () => (reads < 1 && random() >= reads ? update() : (getCalls[pick()] ?? update())),
    answered: ignore,
  };
}

/** @returns makes a flow for a slot by the name of its scenario */
export function playerFlows(players: readonly string[], random: () => number): (scenario: keyof typeof playerTraffic) => Flow {
  const flows = new Map<string, Flow>();
  return (scenario) => {
    const flow = flows.get(scenario) ?? playerFlow(playerTraffic[scenario], players, random);
    flows.set(scenario, flow);
    return flow;
  };
}
