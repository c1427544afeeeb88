export { CoherenceChecker, type StaleRead } from './coherence-checker.ts';
export { policyConformance, type ConformanceCase } from './policy-conformance.ts';
export { tierConformance, type TierConformanceCase } from './tier-conformance.ts';
export type { TierUnderTest } from './tier-under-test.ts';
