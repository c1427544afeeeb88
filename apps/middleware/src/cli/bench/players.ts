import { z } from 'zod';
import { Asker } from './asker.ts';
import type { Plan } from './plan.ts';
import { Call } from './traffic/call.ts';

const Made = z.object({ id: z.string() });
const askers = 8;

/** @returns what the players of a run are called, by their number */
export function playerName(run: string, number: number): string {
  return `bench-${run}-${number}`;
}

/** Makes the players of a run, and reads each once, so that it is cached. @returns their ids */
export async function makePlayers(plan: Plan): Promise<readonly string[]> {
  const ids: string[] = [];
  await inTurns(plan, numbersUpTo(plan.players), async (asker, number) => {
    const name = playerName(plan.run, number);
    const attributes = { hair: 'red', title: 'of the northern shore' };
    const { id } = Made.parse(await asker.ask(new Call('player.create', { name, externalId: name, attributes })));
    await asker.ask(new Call('player.get', { id }));
    ids.push(id);
  });
  return ids;
}

/** Deletes them, as the service deletes: their rows and orders stay, marked. */
export async function deletePlayers(plan: Plan, ids: readonly string[]): Promise<void> {
  await inTurns(plan, ids, async (asker, id) => void (await asker.ask(new Call('player.delete', { id }))));
}

/** Does something for each of many over a few connections. */
export async function inTurns<T>(plan: Plan, items: readonly T[], work: (asker: Asker, item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const one = async (): Promise<void> => {
    using asker = await Asker.open({ ...plan, depth: 1 });
    for (const item of rest) await work(asker, item);
  };
  await Promise.all(Array.from({ length: Math.min(askers, items.length) }, one));
}

function numbersUpTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}
