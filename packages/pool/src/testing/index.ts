/** For tests of what uses the pool, or its clock and timers. */
export { FakeTime, settled } from './fake-time.ts';
