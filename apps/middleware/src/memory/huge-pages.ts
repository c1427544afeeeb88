type Env = Readonly<Record<string, string | undefined>>;

const variable = 'GLIBC_TUNABLES';
const tunable = 'glibc.malloc.hugetlb';

/**
 * The environment for a process whose large blocks of memory may lie in huge pages (2 MB), unless it says something about them itself.
 *
 * Reading one of 100,000 answers at random is mostly waiting for memory, of which looking up the page is a part. glibc reads this once, at the
 * start of a process; from 2.35 on it advises the kernel, which does it where `/sys/kernel/mm/transparent_hugepage/enabled` says `madvise` or `always`.
 * https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
 */
export function withHugePages(env: Env): Env {
  const given = env[variable];
  if (given === undefined || given === '') return { ...env, [variable]: `${tunable}=1` };
  return given.includes(`${tunable}=`) ? env : { ...env, [variable]: `${given}:${tunable}=1` };
}
