export { CoherenceChecker, type StaleRead } from './coherence-checker.ts';
export { policyConformance, type ConformanceCase } from './policy-conformance.ts';
export { tierConformance, type TierConformanceCase } from './tier-conformance.ts';
export type { TierUnderTest } from './tier-under-test.ts';
export { ChaosTier, randomFaults, type ChaosTierOptions, type FaultRates, type TierFault, type TierMethod } from './chaos-tier.ts';
export { ChaosBus, type BusFault, type ChaosBusOptions } from './chaos-bus.ts';
export { LocalHub } from './local-bus.ts';
