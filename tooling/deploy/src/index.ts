import { dataAndCache } from './dashboards/data-and-cache.ts';
import { frontEnds } from './dashboards/front-ends.ts';
import { games } from './dashboards/games.ts';
import { node } from './dashboards/node.ts';
import { overview } from './dashboards/overview.ts';
import type { Board } from './panel.ts';

/** Every page of pictures. */
export const boards: readonly Board[] = [overview, frontEnds, dataAndCache, games, node];

export type { Board, Panel, Query } from './panel.ts';
export { prometheusFolder, readRules, type Rule } from './rules.ts';
