import { globSync, readFileSync, statSync } from 'node:fs';

/** What a process and those that it started use. */
export interface Usage {
  /** Memory that is theirs, with their share of what others use, too (PSS). */
  readonly memoryBytes: number;
  /** Processor time so far. */
  readonly cpuMs: number;
}

/** Processor time that a process has used, in milliseconds: Linux counts it in hundredths of a second (proc(5)). */
function cpuMsOf(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = '0', system = '0'] = fields.split(' ').slice(11);
  return (Number(user) + Number(system)) * 10;
}

/** The process and all below it. */
function withDescendants(pid: number): number[] {
  const children = globSync(`/proc/${pid}/task/*/children`).flatMap((file) => readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number));
  return [pid, ...children.flatMap(withDescendants)];
}

/** Usage of a service: of its primary and its workers together. */
export function usageOf(pid: number): Usage {
  const pids = withDescendants(pid);
  return { memoryBytes: sum(pids.map(pssOf)), cpuMs: sum(pids.map(cpuMsOf)) };
}

/** How many processes a service consists of. */
export function processCount(pid: number): number {
  return withDescendants(pid).length;
}

/**
 * Files and sockets that a service has open. Linux tells since 6.2, at no cost to the service; before, their names are counted, which takes
 * as long as it has many.
 */
export function openFiles(pid: number): number {
  return sum(withDescendants(pid).map((each) => statSync(`/proc/${each}/fd`, { throwIfNoEntry: false })?.size || globSync(`/proc/${each}/fd/*`).length));
}

function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) * 1024;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
