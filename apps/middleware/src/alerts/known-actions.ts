/** What the service can do to heal itself; see `healing-actions.ts`. */
export const knownActions = ['reconnect-pool', 'shed-load', 'open-breaker', 'heap-snapshot'] as const;
