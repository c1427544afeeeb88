export { borrowFromPromClient, type BorrowOptions, type LendingRegistry } from './borrow.ts';
export { type BorrowingRegistry, lendToPromClient, type LentMetric } from './lend.ts';
