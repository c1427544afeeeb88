/**
 * The parts of a request's time:
 * - `read`: its body arrived (HTTP)
 * - `decode`: bytes became input
 * - `wait`: an earlier write on the same thing came first (TCP)
 * - `handler`: the game answered, all that follows included
 * - `database`: statements and commits ran; what several requests ask together counts for the first of them
 * - `cache`: the shared cache tier was asked
 * - `encode`: output became bytes
 */
export type Stage = 'read' | 'decode' | 'wait' | 'handler' | 'database' | 'cache' | 'encode';

/** Every {@link Stage}, in the order in which a request goes through them. */
export const stages: readonly Stage[] = ['read', 'decode', 'wait', 'handler', 'database', 'cache', 'encode'];
