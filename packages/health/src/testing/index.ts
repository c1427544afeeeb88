export type { ConformanceCase } from './conformance-case.ts';
export { checkConformance, type CheckConformanceOptions } from './check-conformance.ts';
export { channelConformance, type ChannelUnderTest } from './channel-conformance.ts';
