export { policyConformance, type ConformanceCase } from './policy-conformance.ts';
