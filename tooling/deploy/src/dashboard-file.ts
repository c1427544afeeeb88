import { fileURLToPath } from 'node:url';
import { type Board, dashboardOf } from './panel.ts';

/** The file of a board, for Grafana's provisioning. */
export function dashboardFile({ uid }: Board): string {
  return fileURLToPath(new URL(`../grafana/dashboards/${uid}.json`, import.meta.url));
}

/** What stands in it. */
export function dashboardText(board: Board): string {
  return `${JSON.stringify(dashboardOf(board), null, 2)}\n`;
}
