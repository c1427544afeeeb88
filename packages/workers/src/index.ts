export { WorkersError, type WorkersErrorCode } from './errors.ts';
