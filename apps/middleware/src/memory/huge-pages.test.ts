import { expect, test } from 'vitest';
import { withHugePages } from './huge-pages.ts';

test.each([
  ['nothing', undefined, 'glibc.malloc.hugetlb=1'],
  ['an empty text', '', 'glibc.malloc.hugetlb=1'],
  ['something else', 'glibc.malloc.arena_max=2', 'glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1'],
  ['that none are wanted', 'glibc.malloc.hugetlb=0', 'glibc.malloc.hugetlb=0'],
])('an environment that says %s of it', (_, given, expected) => {
  expect(withHugePages({ HOME: '/srv', GLIBC_TUNABLES: given })).toEqual({ HOME: '/srv', GLIBC_TUNABLES: expected });
});
