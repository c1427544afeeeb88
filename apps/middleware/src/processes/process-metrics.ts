import type { ApartOptions } from '@midgard/metrics';

/** What is of one process and has no sum: memory, event loop, what it knows of others. */
const ofOneProcess =
  /^(?:process_|nodejs_|midgard_(?:heap_|young_generation_|leak_|blockage|component_status|connections$|cache_joined|limits_shared|load_shedding|tls_certificate_expires|write_behind_age|database_(?:breaker|serving|connections_max|replica_lag)))/;

/** Shows such metrics of each process by themselves, with the label `worker`: its place, or `primary`. */
export function apartBy(worker: string): ApartOptions {
  return { label: 'worker', value: worker, isApart: (name) => ofOneProcess.test(name) };
}
