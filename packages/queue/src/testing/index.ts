export { queueConformance, type QueueConformanceCase } from './queue-conformance.ts';
export { parseTestData, type QueueUnderTest, type TestData } from './queue-under-test.ts';
