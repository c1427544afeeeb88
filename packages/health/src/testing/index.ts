export type { ConformanceCase } from './conformance-case.ts';
export { checkConformance, type CheckConformanceOptions } from './check-conformance.ts';
