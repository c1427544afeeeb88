import type { RouteInput } from '@midgard/health';
import type { AlertsConfig } from './alerts-schema.ts';

/** The routes of the configuration; whoever names channels and no routes wants to hear of everything. */
export function effectiveRoutes({ routes, channels }: Pick<AlertsConfig, 'routes' | 'channels'>): readonly RouteInput[] {
  const names = Object.keys(channels);
  return routes ?? (names.length === 0 ? [] : [{ channels: names }]);
}
